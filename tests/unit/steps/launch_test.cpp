#include "steps/launch.hpp"

#include "steps/launch_plan.hpp"
#include "steps/line_buffer.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

Launch::Facts ready(std::string id) {
  Launch::Facts facts;
  facts.container = "glm";
  facts.container_id = std::move(id);
  facts.image_id = "sha256:aaa";
  facts.running = true;
  facts.hostfile = "/data/hostfile";
  facts.mpi_version = "4.1.4";
  facts.slots = {{"V100-1", 1}, {"V100-2", 2}};
  facts.manifests["/data/glm"] = "aa  ./a.py\nbb  ./b.py\n";
  return facts;
}

}  // namespace

TEST_SUITE("Launch") {
  const Launch::Config config = config_of<Launch>(
      R"({"command": ["bash", "start.sh", "a b"], "workdir": "/data/glm", "same_paths": ["/data/glm"]})");

  TEST_CASE("is run on the head, once") {
    const auto nodes = two_nodes();
    auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    auto plan = Launch::plan(config, cluster);
    REQUIRE(plan);
    CHECK(brief(*plan) == "V100-1 run launch bash start.sh 'a b'");
    const std::string id = launch_id(config, cluster);
    cluster.machines[0].facts.runs = {{id + ".1", "exited", 0}};
    plan = Launch::plan(config, cluster);
    REQUIRE(plan);
    CHECK(plan->changes.empty());
  }

  TEST_CASE("one that runs is followed, one that failed gets a new attempt") {
    const auto nodes = two_nodes();
    auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    const std::string id = launch_id(config, cluster);
    cluster.machines[0].facts.runs = {{id + ".1", "exited", 3}, {id + ".2", "running", 0}};
    auto order = read_order(Launch::plan(config, cluster)->changes[0].payload);
    REQUIRE(order);
    CHECK(order->follow);
    CHECK(order->attempt == 2);
    CHECK(order->rank_hosts == std::vector<std::string>{"V100-1", "V100-2", "V100-2"});
    cluster.machines[0].facts.runs[1].state = "lost";
    order = read_order(Launch::plan(config, cluster)->changes[0].payload);
    CHECK(!order->follow);
    CHECK(order->attempt == 3);
    CHECK(order->argv == Argv{"bash", "start.sh", "a b"});
  }

  TEST_CASE("a replaced container makes another run of it") {
    const auto nodes = two_nodes();
    CHECK(launch_id(config, cluster_of(nodes, std::vector{ready("c1"), ready("c2")})) !=
          launch_id(config, cluster_of(nodes, std::vector{ready("c1"), ready("c3")})));
  }

  TEST_CASE("different files on a node stop it before the start, with the file's name") {
    const auto nodes = two_nodes();
    auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    cluster.machines[1].facts.manifests["/data/glm"] = "aa  ./a.py\ncc  ./b.py\n";
    auto plan = Launch::plan(config, cluster);
    REQUIRE(!plan);
    CHECK(plan.error().message.find("V100-2") != std::string::npos);
    CHECK(plan.error().message.find("./b.py") != std::string::npos);
    cluster.machines[1].facts.manifests.clear();
    plan = Launch::plan(config, cluster);
    REQUIRE(!plan);
    CHECK(plan.error().message.find("missing") != std::string::npos);
  }

  TEST_CASE("a bare cluster's plan shows the launch too") {
    const auto nodes = two_nodes();
    const auto plan = Launch::plan(config, cluster_of(nodes, std::vector<Launch::Facts>(2)));
    REQUIRE(plan);
    CHECK(plan->changes.size() == 1);
  }

  TEST_CASE("openmpi uses the image's own mpirun, with ranks placed by the slots") {
    const auto nodes = two_nodes();
    const auto mpi = config_of<Launch>(
        R"({"engine": "openmpi", "command": ["python3", "ddp.py"], "env": {"NCCL_DEBUG": "INFO"}})");
    const auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    const auto order = read_order(Launch::plan(mpi, cluster)->changes[0].payload);
    REQUIRE(order);
    CHECK(order->argv[0] == "mpirun");
    CHECK(order->rank_hosts == std::vector<std::string>{"V100-1", "V100-2", "V100-2"});
    const std::string words = show_argv(order->argv);
    for (const char* part :
         {"--hostfile /data/hostfile", "-np 3", "-x NCCL_DEBUG", "-x DTENV_JOB", "--tag-output"})
      CHECK_MESSAGE(words.find(part) != std::string::npos, words);
  }

  TEST_CASE("an mpirun of another version is named") {
    const auto nodes = two_nodes();
    const auto mpi = config_of<Launch>(R"({"engine": "openmpi", "command": ["true"]})");
    auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    cluster.machines[1].facts.mpi_version = "4.0.5";
    const auto plan = Launch::plan(mpi, cluster);
    REQUIRE(!plan);
    CHECK(plan.error().message.find("4.0.5 in the container of V100-2") != std::string::npos);
  }

  TEST_CASE("what would change every rank is refused in env") {
    const std::string problems =
        problems_of<Launch>(R"({"command": [], "env": {"LD_PRELOAD": "x"}, "workdir": "x"})");
    for (const char* where : {"/command", "/env", "/workdir"})
      CHECK_MESSAGE(problems.find(where) != std::string::npos, problems);
  }
}

TEST_SUITE("LineBuffer") {
  TEST_CASE("lines come whole, however the bytes are cut") {
    LineBuffer buffer;
    std::vector<std::string> lines;
    const auto take = [&](std::string_view line) { lines.emplace_back(line); };
    for (const char* piece : {"on", "e\ntwo\r", "\nthr", "ee\r", "four", "\n\n", "rest"})
      buffer.add(piece, take);
    buffer.finish(take);
    CHECK(lines == std::vector<std::string>{"one", "two", "three", "four", "", "rest"});
  }

  TEST_CASE("a line without an end does not fill the memory") {
    LineBuffer buffer;
    std::size_t given = 0;
    for (int i = 0; i < 100; ++i)
      buffer.add(std::string(10000, 'x'), [&](std::string_view line) { given += line.size(); });
    CHECK(given > 900000);
  }
}
