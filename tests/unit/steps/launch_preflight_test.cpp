#include "steps/launch_preflight.hpp"

#include "steps/launch_facts.hpp"
#include "steps/launch_preflight_programs.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

Launch::Facts good() {
  Launch::Facts facts;
  facts.image_id = "sha256:aaa";
  facts.running = true;
  facts.slots = 4;
  facts.found = {{"python", "3.11.2"},
                 {"package.torch", "2.1.0"},
                 {"mpirun", "mpirun (Open MPI) 4.1.4"},
                 {"nccl", "2.18.1"},
                 {"gpus", "4"},
                 {"driver", "535.54"},
                 {"host", "here"},
                 {"self", "172.31.32.29"},
                 {"shm", "17179869184"},
                 {"memlock", "unlimited"},
                 {"infiniband", "yes"},
                 {"way.ens1", "2 172.31.32.40"}};
  return facts;
}

std::vector<Node> three_nodes() {
  auto nodes = two_nodes();
  nodes.push_back(nodes[1]);
  nodes[2].name = "V100-3";
  return nodes;
}

struct Judged {
  std::string problems;  // "check: text" lines
  std::string notes;
};

/// What preflight says of three nodes, the second of which was changed.
template <class Change>
Judged judge(const std::string& config, Change change) {
  const auto nodes = three_nodes();
  auto cluster = cluster_of(nodes, std::vector{good(), good(), good()});
  change(cluster.machines[1].facts);
  std::vector<Note> notes;
  const auto done = preflight(config_of<Launch>(config), cluster, notes);
  Judged judged;
  if (!done)
    for (const Problem& problem : done.error().detail)
      judged.problems += problem.pointer + ": " + problem.problem + "\n";
  for (const Note& note : notes) judged.notes += note.node + ": " + note.text + "\n";
  return judged;
}

const std::string torchrun = R"({"engine": "torchrun", "command": ["a.py"]})";

}  // namespace

TEST_SUITE("Launch preflight") {
  TEST_CASE("a sound cluster passes without a word") {
    const Judged judged = judge(torchrun, [](Launch::Facts&) {});
    CHECK(judged.problems == "");
    CHECK(judged.notes == "");
  }

  TEST_CASE("any of 40 facts that drifts on one node names exactly that node and fact") {
    CHECK(compared_facts().size() >= 40);
    for (const ComparedFact& fact : compared_facts()) {
      const std::string key(fact.key);
      const Judged judged = judge(torchrun, [&](Launch::Facts& facts) { facts.found[key] = "9"; });
      const std::string& said = fact.must_be_equal ? judged.problems : judged.notes;
      CHECK_MESSAGE(split_lines(said).size() == 1, key, ": ", said);
      CHECK_MESSAGE(contains(said, std::string(fact.what) + " is 9 on V100-2"), said);
      CHECK_MESSAGE(contains(said, "on 2 of 3 nodes"), said);
      // With InfiniBand, locked memory has a rule of its own beside.
      if (key != "memlock")
        CHECK_MESSAGE((fact.must_be_equal ? judged.notes : judged.problems) == "", key);
    }
  }

  TEST_CASE("facts_program tells every fact that is compared") {
    for (const ComparedFact& fact : compared_facts()) {
      const std::string key(fact.key);
      const bool package = starts_with(key, "package.");
      const std::string word = package ? "\"" + key.substr(8) + "\"" : key;
      CHECK_MESSAGE((contains(facts_program, "say " + word + " ") ||
                     contains(facts_program, "each " + word + " ") ||
                     contains(facts_program, "print(\"" + word + "\"") ||
                     (package && contains(facts_program, word))),
                    key);
    }
  }

  TEST_CASE("every failure of every machine comes at once") {
    const Judged judged = judge(torchrun, [](Launch::Facts& facts) {
      facts.image_id = "sha256:bbb";
      facts.found["package.torch"] = "2.0.1";
      facts.found["gpus"] = "3";
      facts.found["memlock"] = "8192";
      facts.found.erase("way.ens1");
      facts.found["way.docker0"] = "1 172.31.32.40";
      facts.found.erase("self");
    });
    for (const char* check :
         {"image:", "package.torch:", "gpus:", "memlock:", "interface:", "own_name:"})
      CHECK_MESSAGE(contains(judged.problems, check), judged.problems);
    CHECK(split_lines(judged.problems).size() == 6);
  }

  TEST_CASE("torchrun of an old PyTorch on a new Python is named, with what to take instead") {
    const auto old = [](Launch::Facts& facts) { facts.found["package.torch"] = "1.13.1"; };
    const Judged judged = judge(torchrun, old);
    CHECK(contains(
        judged.problems,
        "engine: torchrun of PyTorch 1.13.1 does not work on Python 3.11.2, which V100-2 has"));
    CHECK(!contains(judge(R"({"engine": "direct", "command": ["a"]})", old).problems, "engine:"));
  }

  TEST_CASE("an engine that is not there is named, with what is there instead") {
    const Judged judged = judge(R"({"engine": "openmpi", "command": ["a"]})", [](auto& facts) {
      facts.found["mpirun"] = "HYDRA build details:";
    });
    CHECK(contains(judged.problems,
                   "engine: openmpi is not in the container of V100-2: mpirun "
                   "there is \"HYDRA build details:\""));
  }

  TEST_CASE("a busy port of the master is a failure, one of a worker is nobody's") {
    const auto nodes = three_nodes();
    auto cluster = cluster_of(nodes, std::vector{good(), good(), good()});
    std::vector<Note> notes;
    cluster.machines[1].facts.found["busy"] = ":733C";
    CHECK(preflight(config_of<Launch>(torchrun), cluster, notes));
    cluster.machines[0].facts.found["busy"] = ":733C";
    const auto done = preflight(config_of<Launch>(torchrun), cluster, notes);
    REQUIRE(!done);
    CHECK(contains(done.error().message, "port 29500 is taken on V100-1"));
  }

  TEST_CASE("what only may hurt is a warning: little shared memory, a clock behind") {
    const Judged judged = judge(torchrun, [](Launch::Facts& facts) {
      facts.found["shm"] = "67108864";
      facts.skew_s = -2.5;
    });
    CHECK(judged.problems == "");
    CHECK(contains(judged.notes, "V100-2: /dev/shm has 64 MiB"));
    CHECK(contains(judged.notes, "the clock of V100-2 is 2.5 s behind that of V100-1"));
  }

  TEST_CASE("versions are read out of what each tool prints") {
    Launch::Facts facts = good();
    facts.found["hydra"] = "Version:                                 4.0.2";
    facts.found["slurm"] = "slurm-wlm 22.05.8";
    CHECK(engine_version("openmpi", facts) == "4.1.4");
    CHECK(engine_version("hydra", facts) == "4.0.2");
    CHECK(engine_version("torchrun", facts) == "2.1.0");
    CHECK(engine_version("slurm", facts) == "22.05.8");
    CHECK(engine_version("deepspeed", facts) == "");
  }

  TEST_CASE("two ways to the others leave the choice to NCCL") {
    Launch::Facts facts = good();
    CHECK(launch_interface(facts) == "ens1");
    facts.found["way.ens2"] = "1 172.31.32.41";
    CHECK(launch_interface(facts) == "");
  }
}
