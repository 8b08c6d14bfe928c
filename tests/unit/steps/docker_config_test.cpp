#include "steps/docker_config.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "steps/docker_changes.hpp"
#include "unit/steps/docker_testing.hpp"

using namespace dtenv;

namespace {

using docker_testing::bare;
using docker_testing::Facts;

constexpr std::string_view seed_step =
    R"({"install": "if_missing", "registry_mirrors": ["https://xxxx.mirror.aliyuncs.com"],
        "runtimes": {"nvidia": {"path": "/usr/bin/nvidia-container-runtime"}}})";

/// A machine whose engine runs two containers with Debian's unit.
Facts running(std::optional<std::string> text = std::nullopt) {
  Facts facts = bare();
  facts.engine = true;
  facts.engine_problem.clear();
  facts.info.version = "20.10.24+dfsg1";
  facts.info.default_runtime = "runc";
  facts.info.runtimes = {{"runc", "runc"}};
  facts.containers = {"web (image nginx:1, Up 3 days)", "db (image mysql:5.7, Up 1 hour)"};
  facts.daemon_pid = 100;
  facts.daemon_argv = {"/usr/sbin/dockerd", "-H", "fd://"};
  facts.config_text = std::move(text);
  return facts;
}

Plan plan_of(std::string_view step, Facts facts) {
  static const auto nodes = two_nodes();
  const auto config = config_of<DockerConfig>(step);
  auto plan = DockerConfig::plan(config, cluster_of(nodes, std::vector{std::move(facts)}));
  REQUIRE(plan);
  return std::move(*plan);
}

std::string failure_of(std::string_view step, Facts facts) {
  const Plan plan = plan_of(step, std::move(facts));
  CHECK(plan.changes.empty());
  REQUIRE(plan.failures.size() == 1);
  return plan.failures.begin()->second.message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("DockerConfig") {
  TEST_CASE("a bare machine gets the distribution's engine, then the file") {
    const Plan plan = plan_of(seed_step, bare());
    CHECK(brief(plan) ==
          "V100-1 create packages docker.io iptables ca-certificates, "
          "V100-1 create /etc/docker/daemon.json");
    CHECK(plan.changes[0].stage < plan.changes[1].stage);
    CHECK(plan.changes[0].disrupts.empty());
    CHECK(plan.changes[1].disrupts.empty());
  }

  TEST_CASE("the file planned for a bare machine is the one planned once the engine is there") {
    const Plan before = plan_of(seed_step, bare());
    Facts later = running();
    later.containers.clear();
    const Plan after = plan_of(seed_step, later);
    REQUIRE(after.changes.size() == 1);
    CHECK(after.changes[0].resource == before.changes[1].resource);
    CHECK(after.changes[0].after == before.changes[1].after);
    CHECK(after.changes[0].action == before.changes[1].action);
  }

  TEST_CASE("mirrors and runtimes take a reload and disrupt nobody") {
    const Plan plan = plan_of(seed_step, running("{\n  \"debug\": false\n}\n"));
    CHECK(brief(plan) == "V100-1 update /etc/docker/daemon.json");
    CHECK(plan.changes[0].disrupts.empty());
    CHECK(has(plan.changes[0].reason, "reload"));
    CHECK(has(plan.changes[0].after, "registry-mirrors: absent"));
  }

  TEST_CASE("what is in force already is left alone") {
    Facts facts = running(
        "{\"registry-mirrors\": [\"https://xxxx.mirror.aliyuncs.com\"],"
        " \"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime\"}}}");
    facts.info.mirrors = {"https://xxxx.mirror.aliyuncs.com/"};
    facts.info.runtimes["nvidia"] = "/usr/bin/nvidia-container-runtime";
    CHECK(plan_of(seed_step, facts).changes.empty());
  }

  TEST_CASE("a file that the daemon has not read yet is reloaded") {
    const Plan plan = plan_of(R"({"registry_mirrors": ["https://m.example.com"]})",
                              running("{\"registry-mirrors\": [\"https://m.example.com\"]}"));
    CHECK(brief(plan) == "V100-1 reload docker engine");
    Facts cut = running("{\"log-driver\": \"local\"}");
    cut.pending = "restart";
    const Plan again = plan_of(R"({"daemon_options": {"log-driver": "local"}})", cut);
    CHECK(brief(again) == "V100-1 restart docker engine");
    CHECK(again.changes[0].disrupts.size() == 3);
  }

  TEST_CASE(
      "a reload that would kill the daemon is a restart, live-restore first where it is wanted") {
    const Plan killer =
        plan_of(R"({"registry_mirrors": ["https://m.example.com"]})",
                running(R"({"registry-mirrors": ["https://m.example.com"], "runtimes": {}})"));
    CHECK(brief(killer) == "V100-1 restart docker engine");
    CHECK(has(killer.changes[0].reason, "panic"));
    CHECK(killer.changes[0].disrupts.size() == 3);
    Facts cut = running(R"({"log-driver": "local", "live-restore": true})");
    cut.pending = "restart";
    const Plan spared = plan_of(R"({"daemon_options": {"log-driver": "local"}})", cut);
    CHECK(spared.changes[0].disrupts.size() == 1);
    CHECK(payload_flag(json::parse(spared.changes[0].payload).as_object(), "reload_first"));
  }

  TEST_CASE("a restart names every container that ends; live-restore spares them") {
    const Plan plan = plan_of(R"({"daemon_options": {"log-driver": "local"}})", running());
    REQUIRE(plan.changes.size() == 1);
    REQUIRE(plan.changes[0].disrupts.size() == 3);
    CHECK(plan.changes[0].disrupts[0].kind == "docker");
    CHECK(plan.changes[0].disrupts[1].kind == "containers");
    CHECK(has(plan.changes[0].disrupts[1].what, "web (image nginx:1"));
    const Plan kept =
        plan_of(R"({"live_restore": true, "daemon_options": {"log-driver": "local"}})", running());
    CHECK(kept.changes[0].disrupts.size() == 1);
    CHECK(payload_flag(json::parse(kept.changes[0].payload).as_object(), "reload_first"));
  }

  TEST_CASE("what the daemon would not run with is refused before anything is written") {
    CHECK(has(failure_of(R"({"daemon_options": {"hosts": ["tcp://127.0.0.1:2375"]}})", running()),
              "both as a flag and in the configuration file"));
    CHECK(
        has(failure_of(seed_step, running("{\"labels\": [\"a=b\"],\n \"debug\": tru")), "line 2"));
    CHECK(has(failure_of(seed_step, running("{\"labels\": [\"a=b\"],\n \"debug\": tru")),
              "/etc/docker/daemon.json"));
    CHECK(has(failure_of(R"({"default_runtime": "nvidia"})", running()), "does not exist"));
  }

  TEST_CASE("an engine that is installed and down is started") {
    Facts facts = bare();
    facts.daemon_argv = {"/usr/sbin/dockerd"};
    CHECK(brief(plan_of("{}", facts)) == "V100-1 run docker engine");
  }

  TEST_CASE("where none may be installed, or none can, it says so") {
    CHECK(has(failure_of(R"({"install": "never"})", bare()), "\"install\" is \"never\""));
    Facts other = bare();
    other.os = parse_os_release("ID=alpine\nPRETTY_NAME=Alpine\n");
    CHECK(has(failure_of("{}", other), "Alpine"));
    Facts user = bare();
    user.root = false;
    CHECK(has(failure_of("{}", user), "root"));
    Facts mixed = bare();
    mixed.packages["containerd.io"] = "1.7";
    CHECK(has(failure_of("{}", mixed), "docker-ce"));
  }

  TEST_CASE("bad options are told, each at its place") {
    const std::string problems = problems_of<DockerConfig>(
        R"({"install": "always", "registry_mirrors": ["m.org"], "runtimes": {"runc": {"path": "x"}},
            "daemon_options": {"debgu": true}, "repository": {"fingerprint": "abc"}, "mirors": []})");
    for (const char* where : {"/install", "/registry_mirrors", "/runtimes/runc", "/daemon_options",
                              "/repository/fingerprint", "/mirors"})
      CHECK_MESSAGE(problems.find(where) != std::string::npos, where);
  }
}

TEST_SUITE("docker's info") {
  TEST_CASE("what is not in force is told by name") {
    const auto info = read_engine_info(json::parse(
        R"({"ServerVersion": "20.10.24", "RegistryConfig": {"Mirrors": ["https://a/"],
            "IndexConfigs": {"r:5000": {"Secure": false}}}, "Runtimes": {"x": {"path": "/x"}},
            "DefaultRuntime": "runc", "LiveRestoreEnabled": true, "ContainersRunning": 2})"));
    const auto differences = [&](std::string_view text) {
      const auto root = parse_json(text, "daemon.json");
      REQUIRE(root);
      return not_in_force(*root, info);
    };
    CHECK(differences(R"({"registry-mirrors": ["HTTPS://A"], "runtimes": {"x": {"path": "/x"}},
                          "live-restore": true, "insecure-registries": ["http://r:5000"]})")
              .empty());
    CHECK(differences(R"({"registry-mirrors": []})").size() == 1);
    CHECK(differences(R"({"registry-mirrors": ["https://b"]})").size() == 2);
    CHECK(differences(R"({"runtimes": {"x": {"path": "/y"}, "z": {"path": "/z"}}})").size() == 2);
    CHECK(differences(R"({"live-restore": false, "default-runtime": "x"})").size() == 2);
  }
}
