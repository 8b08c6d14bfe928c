#include "steps/launch.hpp"

#include "steps/launch_order.hpp"
#include "steps/launch_plan.hpp"
#include "steps/line_buffer.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

Launch::Facts ready(std::string id) {
  Launch::Facts facts;
  facts.container = "glm";
  facts.slots = id == "c1" ? 1 : 2;
  facts.container_id = std::move(id);
  facts.image_id = "sha256:aaa";
  facts.running = true;
  facts.hostfile = "/data/hostfile";
  facts.found = {{"mpirun", "mpirun (Open MPI) 4.1.4"}, {"self", "10.0.0.1"}, {"host", "x"}};
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
    REQUIRE(order->nodes.size() == 1);
    CHECK(order->nodes[0].name == "V100-1");
    CHECK(order->nodes[0].argv == Argv{"bash", "start.sh", "a b"});
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
    REQUIRE(order->nodes.size() == 1);
    CHECK(order->nodes[0].argv[0] == "mpirun");
    CHECK(order->rank_hosts == std::vector<std::string>{"V100-1", "V100-2", "V100-2"});
    const std::string words = show_argv(order->nodes[0].argv);
    for (const char* part :
         {"--hostfile /data/hostfile", "-np 3", "-x NCCL_DEBUG", "-x DTENV_JOB", "dtenv-rank tag"})
      CHECK_MESSAGE(words.find(part) != std::string::npos, words);
  }

  TEST_CASE("an mpirun of another version is named") {
    const auto nodes = two_nodes();
    const auto mpi = config_of<Launch>(R"({"engine": "openmpi", "command": ["true"]})");
    auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    cluster.machines[1].facts.found["mpirun"] = "mpirun (Open MPI) 4.0.5";
    const auto plan = Launch::plan(mpi, cluster);
    REQUIRE(!plan);
    CHECK_MESSAGE(contains(plan.error().message, "4.0.5 on V100-2"), plan.error().message);
  }

  TEST_CASE("torchrun and direct are begun on every node, each with its own words") {
    const auto nodes = two_nodes();
    const auto direct =
        config_of<Launch>(R"({"engine": "direct", "command": ["python3", "a.py"]})");
    auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    const std::string id = launch_id(direct, cluster);
    auto order = read_order(Launch::plan(direct, cluster)->changes[0].payload);
    REQUIRE(order);
    REQUIRE(order->nodes.size() == 2);
    CHECK(order->nodes[1].name == "V100-2");
    CHECK(order->rank_hosts == std::vector<std::string>{"V100-1", "V100-2", "V100-2"});
    CHECK(contains(index_text(*order), R"({"rank":2,"host":"V100-2","out":"rank.2.out")"));
    cluster.machines[0].facts.runs = {{id + ".1", "exited", 0}};
    cluster.machines[1].facts.runs = {{id + ".1", "running", 0}};
    order = read_order(Launch::plan(direct, cluster)->changes[0].payload);
    CHECK(order->follow);
    cluster.machines[1].facts.runs[0] = {id + ".1", "exited", 3};
    order = read_order(Launch::plan(direct, cluster)->changes[0].payload);
    CHECK(!order->follow);
    CHECK(order->attempt == 2);
    cluster.machines[1].facts.runs[0] = {id + ".1", "exited", 0};
    CHECK(Launch::plan(direct, cluster)->changes.empty());
  }

  TEST_CASE("deepspeed begins our keeper, which gives a Python script its --local_rank") {
    const auto nodes = two_nodes();
    auto cluster = cluster_of(nodes, std::vector{ready("c1"), ready("c2")});
    const auto argv = [&](const std::string& command, const std::string& version) {
      for (auto& machine : cluster.machines) machine.facts.found["package.deepspeed"] = version;
      const auto config =
          config_of<Launch>(R"({"engine": "deepspeed", "command": )" + command + "}");
      const auto order = read_order(Launch::plan(config, cluster)->changes[0].payload);
      REQUIRE(order);
      REQUIRE(order->nodes.size() == 2);
      return order->nodes[0].argv;
    };
    const auto ends = [](const Argv& words, const Argv& end) {
      return words.size() > end.size() && std::equal(end.rbegin(), end.rend(), words.rbegin());
    };
    const Argv script = argv(R"(["/opt/bin/python", "-u", "train.py", "a b"])", "0.19.8");
    CHECK(script[0] == "/opt/bin/python");
    CHECK(ends(script, {"dtenv-python", "/opt/bin/python", "train.py", "a b"}));
    const std::string shown = show_argv(script);
    for (const char* part :
         {"--no_python --no_local_rank sh -c", "dtenv-rank file /run/dtenv/launch/"})
      CHECK_MESSAGE(contains(shown, part), shown);
    CHECK(ends(argv(R"(["python", "-m", "train.main"])", "0.19.8"),
               {"dtenv-python", "python", "-m", "train.main"}));
    const Argv program = argv(R"(["bash", "a.sh"])", "0.6.5");
    CHECK(program[0] == "python3");
    CHECK(ends(program, {"bash", "a.sh"}));
    CHECK(ends(argv(R"(["python", "train.py", "x"])", "0.6.4"),
               {"--master_port=29500", "train.py", "x"}));
  }

  TEST_CASE("an order survives its trip to apply, byte for byte") {
    LaunchOrder order;
    order.id = "0123456789ab";
    order.attempt = 7;
    order.per_node = true;
    order.logs = "/data/log";
    order.nodes = {{"n1", {"a", "", "b\n\"'$\\ü"}, {{"A", "1"}, {"A", "2\n"}}}};
    order.files = {{"n1", "/f", "text\n"}};
    order.interfaces = {{"n1", "ens1"}};
    order.rank_hosts = {"n1", "n1"};
    const auto again = read_order(write_order(order));
    REQUIRE(again);
    CHECK(write_order(*again) == write_order(order));
    CHECK(again->nodes[0].argv == order.nodes[0].argv);
    CHECK(again->nodes[0].env == order.nodes[0].env);
  }

  TEST_CASE("smoke brings its own command, for an engine that begins ranks") {
    const auto smoke = config_of<Launch>(R"({"smoke": true})");
    CHECK(smoke.engine == "direct");
    CHECK(show_launch(smoke) == "smoke test");
    CHECK(contains(smoke.command.at(2), "all-reduce"));
    CHECK(contains(problems_of<Launch>(R"({"smoke": true, "engine": "script"})"), "/engine"));
    CHECK(contains(problems_of<Launch>(R"({"smoke": true, "command": ["x"]})"), "/command"));
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
