#include "steps/hostfile_writer.hpp"

#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

const std::string seed_text = "V100-1 slots=4\nV100-2 slots=4\n";

HostfileWriter::Facts facts_with(std::optional<std::string> text) {
  HostfileWriter::Facts facts;
  facts.container = "glm";
  facts.running = true;
  if (text) facts.text = std::make_shared<const std::string>(*std::move(text));
  return facts;
}

}  // namespace

TEST_SUITE("HostfileWriter") {
  const HostfileWriter::Config config = config_of<HostfileWriter>("{}");

  TEST_CASE("plans nothing when the file already says so") {
    const auto nodes = two_nodes();
    const auto plan = HostfileWriter::plan(
        config, cluster_of(nodes, std::vector{facts_with(seed_text), facts_with(seed_text)}));
    REQUIRE(plan);
    CHECK(plan->changes.empty());
  }

  TEST_CASE("a bare machine gets the manual's file") {
    const auto nodes = two_nodes();
    const auto plan = HostfileWriter::plan(
        config, cluster_of(nodes, std::vector{facts_with({}), facts_with(seed_text)}));
    REQUIRE(plan);
    CHECK(brief(*plan) == "V100-1 create glm:/data/hostfile");
    CHECK(plan->changes[0].after == seed_text);
  }

  TEST_CASE("of a large file a plan shows the beginning, and another file is another change") {
    std::vector<Node> nodes(1000);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].name = "n" + std::to_string(i);
      nodes[i].slots = 8;
    }
    const auto change_of = [&] {
      const auto plan =
          HostfileWriter::plan(config, cluster_of(nodes, std::vector{facts_with({})}));
      REQUIRE(plan);
      return plan->changes.at(0);
    };
    const Change change = change_of();
    CHECK(change.after.size() < 2000);
    CHECK(starts_with(change.after, "n0 slots=8\nn1 slots=8\n"));
    CHECK(contains(change.after, "1000 lines"));
    CHECK(starts_with(*change.common, "n0 slots=8\n"));
    CHECK(ends_with(*change.common, "n999 slots=8\n"));
    nodes[999].slots = 4;
    CHECK(change_of().after != change.after);
  }

  TEST_CASE("slots that the document leaves open are the GPUs found, and none is an error") {
    auto nodes = two_nodes();
    nodes[1].slots.reset();
    auto facts = facts_with({});
    CHECK(!HostfileWriter::plan(config, cluster_of(nodes, std::vector{facts_with({}), facts})));
    facts.gpus = 8;
    const auto plan =
        HostfileWriter::plan(config, cluster_of(nodes, std::vector{facts_with({}), facts}));
    REQUIRE(plan);
    CHECK(plan->changes[0].after == "V100-1 slots=4\nV100-2 slots=8\n");
  }

  TEST_CASE("a file about other machines is not ours unless it is adopted") {
    const auto nodes = two_nodes();
    const std::vector facts{facts_with("other slots=8\n"), facts_with("V100-1 slots=8\n")};
    const auto plan = HostfileWriter::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(plan->failures.count("V100-1") == 1);
    CHECK(brief(*plan) == "V100-2 update glm:/data/hostfile");
    const auto adopt = config_of<HostfileWriter>(R"({"adopt": true})");
    CHECK(HostfileWriter::plan(adopt, cluster_of(nodes, facts))->changes.size() == 2);
  }

  TEST_CASE("a file that a person has edited is theirs, one of another dialect of ours is not") {
    const auto nodes = two_nodes();
    const auto failed = [&](const std::string& text) {
      const auto plan = HostfileWriter::plan(
          config, cluster_of(nodes, std::vector{facts_with(text), facts_with(seed_text)}));
      REQUIRE(plan);
      CHECK(plan->changes.size() == (plan->failures.empty() ? 1u : 0u));
      return plan->failures.count("V100-1") == 1;
    };
    CHECK(failed("# my own order\n" + seed_text));
    CHECK(failed("V100-1  slots=4\n"));
    CHECK(failed("V100-1 slots=4 port=22\nV100-3 slots=4\n"));
    CHECK(failed("nonsense\n"));
    CHECK_FALSE(failed(""));
    CHECK_FALSE(failed("V100-1:4\nV100-2:4\n"));
    CHECK_FALSE(failed("V100-[1-2]\n"));
    CHECK_FALSE(failed("V100-1 slots=4 port=6001 addr=172.31.32.29\n"));
  }

  TEST_CASE("every dialect: a second apply has nothing to do, and what is lost is said") {
    const auto nodes = two_nodes();
    const auto planned = [&](const std::string& dialect, std::optional<std::string> text) {
      const auto wanted = config_of<HostfileWriter>(R"({"dialect": ")" + dialect + "\"}");
      auto plan = HostfileWriter::plan(
          wanted, cluster_of(nodes, std::vector{facts_with(text), facts_with(text)}));
      REQUIRE(plan);
      return std::move(*plan);
    };
    const std::vector<std::pair<std::string, std::string>> files = {
        {"dtenv",
         "V100-1 slots=4 port=6001 addr=172.31.32.29\nV100-2 slots=4 port=6002 "
         "addr=172.31.32.40\n"},
        {"deepspeed", seed_text},
        {"openmpi", seed_text},
        {"openmpi5", seed_text},
        {"hydra", "V100-1:4\nV100-2:4\n"},
        {"slurm", "V100-[1-2]\n"},
        {"torchrun", "V100-1\nV100-2\n"}};
    for (const auto& [dialect, text] : files) {
      CAPTURE(dialect);
      const Plan first = planned(dialect, std::nullopt);
      REQUIRE(first.changes.size() == 2);
      CHECK(first.changes[0].after == text);
      CHECK(planned(dialect, text).changes.empty());
    }
    CHECK(planned("dtenv", std::nullopt).notes.empty());
    const Plan deepspeed = planned("deepspeed", std::nullopt);
    REQUIRE(deepspeed.notes.size() == 1);
    CHECK(deepspeed.notes[0].text.find("no place for port, addr") != std::string::npos);
    CHECK(planned("slurm", std::nullopt).notes.size() == 2);
  }

  TEST_CASE("destroy takes only what it wrote") {
    const auto nodes = two_nodes();
    const auto plan = HostfileWriter::plan_destroy(
        config,
        cluster_of(nodes, std::vector{facts_with(seed_text), facts_with("mine slots=1\n")}));
    CHECK(brief(*plan) == "V100-1 remove glm:/data/hostfile");
  }

  TEST_CASE("a relative path and an unknown dialect are told") {
    const std::string problems =
        problems_of<HostfileWriter>(R"({"path": "data/../x", "dialect": "deepsped"})");
    CHECK(problems.find("/path") != std::string::npos);
    CHECK(problems.find("/dialect") != std::string::npos);
  }
}
