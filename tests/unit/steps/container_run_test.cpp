#include "steps/container_run.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

constexpr std::string_view seed_step =
    R"({"name": "glm_dist16", "hostname": "glm_dist16", "network": "host",
  "ipc": "host", "shm_size": "16gb", "gpus": "device=0,1,2,3", "volumes": ["/data1/docker/containers:/data"]})";

ContainerRun::Facts bare() {
  ContainerRun::Facts facts;
  facts.cluster = "glm";
  facts.image = "deepspeed/cuda102:1221";
  return facts;
}

ContainerRun::Facts running(const ContainerRun::Config& config, const Node& node,
                            const std::vector<Node>& nodes) {
  ContainerRun::Facts facts = bare();
  facts.engine = true;
  facts.image_id = facts.container_image_id = "sha256:aaa";
  facts.container_id = "0123456789abcdef";
  facts.container_image = facts.image;
  facts.state = "running";
  facts.label_cluster = "glm";
  facts.label_spec = spec_hash(container_for(config, node, nodes, facts.image));
  return facts;
}

}  // namespace

TEST_SUITE("ContainerRun") {
  const ContainerRun::Config config = config_of<ContainerRun>(seed_step);

  TEST_CASE("the manual's options reach the engine") {
    const auto nodes = two_nodes();
    const ContainerSpec spec = container_for(config, nodes[0], nodes, "deepspeed/cuda102:1221");
    const json::object body = container_create_body(spec);
    const json::object& host = body.at("HostConfig").as_object();
    CHECK(body.at("Hostname") == "glm_dist16");
    CHECK(host.at("NetworkMode") == "host");
    CHECK(host.at("IpcMode") == "host");
    CHECK(host.at("ShmSize").to_number<std::int64_t>() == 17179869184);
    CHECK(json::serialize(host.at("DeviceRequests")).find(R"(["0","1","2","3"])") !=
          std::string::npos);
    CHECK(json::serialize(host.at("ExtraHosts")).find("V100-2:172.31.32.40") != std::string::npos);
  }

  TEST_CASE("without a command it stays up, whatever the image's CMD does") {
    const auto nodes = two_nodes();
    CHECK(container_for(config, nodes[0], nodes, "x").entrypoint.has_value());
    const auto own = config_of<ContainerRun>(R"({"name": "c1", "keep_alive": false})");
    CHECK(!container_for(own, nodes[0], nodes, "x").entrypoint);
  }

  TEST_CASE("a bare machine gets the container, the same spec is kept") {
    const auto nodes = two_nodes();
    const auto plan = ContainerRun::plan(
        config, cluster_of(nodes, std::vector{bare(), running(config, nodes[1], nodes)}));
    REQUIRE(plan);
    CHECK(brief(*plan) == "V100-1 create container glm_dist16");
    CHECK(plan->failures.empty());
  }

  TEST_CASE("a drifted container is replaced, and says that it dies") {
    const auto nodes = two_nodes();
    auto options = running(config, nodes[0], nodes);
    options.label_spec = "other";
    auto image = running(config, nodes[1], nodes);
    image.image_id = "sha256:bbb";
    const auto plan = ContainerRun::plan(config, cluster_of(nodes, std::vector{options, image}));
    REQUIRE(plan);
    CHECK(brief(*plan) == "V100-1 update container glm_dist16, V100-2 update container glm_dist16");
    REQUIRE(plan->changes[0].disrupts.size() == 1);
    CHECK(plan->changes[0].disrupts[0].kind == "containers");
  }

  TEST_CASE("one that is stopped is started again and disrupts nobody") {
    const auto nodes = two_nodes();
    auto facts = running(config, nodes[0], nodes);
    facts.state = "exited";
    const auto plan = ContainerRun::plan(config, cluster_of(nodes, std::vector{facts}));
    CHECK(brief(*plan) == "V100-1 run container glm_dist16");
    CHECK(plan->changes[0].disrupts.empty());
  }

  TEST_CASE("a foreign container of that name is never touched") {
    const auto nodes = two_nodes();
    auto foreign = running(config, nodes[0], nodes);
    foreign.label_cluster = "";
    auto other_cluster = running(config, nodes[1], nodes);
    other_cluster.label_cluster = "another";
    const auto plan =
        ContainerRun::plan(config, cluster_of(nodes, std::vector{foreign, other_cluster}));
    REQUIRE(plan);
    CHECK(plan->changes.empty());
    CHECK(plan->failures.size() == 2);
    const auto destroy =
        ContainerRun::plan_destroy(config, cluster_of(nodes, std::vector{foreign, other_cluster}));
    CHECK(destroy->changes.empty());
  }

  TEST_CASE("what gives the machine away is said, and shm_size beside ipc host") {
    const auto nodes = two_nodes();
    const auto plan = ContainerRun::plan(config, cluster_of(nodes, std::vector{bare()}));
    const auto count = std::count_if(plan->notes.begin(), plan->notes.end(), [](const Note& note) {
      return note.severity == Severity::deviation;
    });
    CHECK(count == 2);
    CHECK(std::any_of(plan->notes.begin(), plan->notes.end(), [](const Note& note) {
      return note.text.find("shm_size") != std::string::npos;
    }));
  }

  TEST_CASE("one node may differ") {
    const auto nodes = two_nodes();
    const auto own = config_of<ContainerRun>(
        R"({"name": "c1", "env": {"A": "1"}, "nodes": {"V100-2": {"env": {"A": "2"}}}})");
    CHECK(container_for(own, nodes[0], nodes, "x").env == std::vector<std::string>{"A=1"});
    CHECK(container_for(own, nodes[1], nodes, "x").env == std::vector<std::string>{"A=2"});
  }

  TEST_CASE("bad options are told, each at its place") {
    const std::string problems = problems_of<ContainerRun>(
        R"({"name": "-x", "volumes": ["/etc:/x", "data:/ok"], "shm_size": "16xb", "gpus": "0,,1", "ulimits": {"a": "x"},
            "env": {"1A": "x"}, "shmsize": "1g"})");
    for (const char* where : {"/name", "/volumes", "/shm_size", "/ulimits", "/env", "/shmsize"})
      CHECK_MESSAGE(problems.find(where) != std::string::npos, where);
  }
}
