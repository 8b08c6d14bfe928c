#include "steps/driver_check.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "host/fake_host.hpp"
#include "unit/net/net_testing.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

DriverCheck::Facts facts_of(DriverState state, bool missing = false) {
  DriverCheck::Facts facts;
  facts.verdict.state = state;
  facts.verdict.evidence = {"the evidence"};
  if (state != DriverState::no_gpu && state != DriverState::ok)
    facts.verdict.repair = {{"apt-get", "install", "-y", "-o", "A=b", "nvidia-x"},
                            {"modprobe", "nvidia"}};
  facts.gpus = state == DriverState::no_gpu ? 0 : 8;
  facts.driver_missing = missing;
  facts.has_apt = true;
  return facts;
}

Plan plan_of(std::string_view config, const DriverCheck::Facts& facts) {
  const auto nodes = two_nodes();
  const auto cluster = cluster_of(nodes, std::vector{facts});
  return DriverCheck::plan(config_of<DriverCheck>(config), cluster).value();
}

class Silent final : public Progress {
 public:
  void text(std::string_view) override {}
  void amount(std::uint64_t, std::uint64_t) override {}
  void output(std::string_view, std::string_view) override {}
};

/// What observe() makes of a machine in memory.
DriverCheck::Facts observe(FakeHost& host, std::string_view config_text = "{}") {
  asio::io_context loop;
  const auto nodes = two_nodes();
  const Outputs outputs;
  Silent progress;
  Target target{host, nodes[0], nodes, outputs, progress, {}, {}, "test"};
  const auto config = config_of<DriverCheck>(config_text);
  return run_task(loop, DriverCheck::observe(config, target)).value();
}

FakeHost::Answer program(const std::string& name, Outcome outcome) {
  return [name, outcome](const Command& command) -> std::optional<Outcome> {
    if (command.argv.front() != name) return std::nullopt;
    return outcome;
  };
}

Outcome says(std::string out, int exit_code = 0) {
  Outcome outcome;
  outcome.out = std::move(out);
  outcome.exit_code = exit_code;
  return outcome;
}

const std::string v100_rows =
    "/sys/bus/pci/devices/0000:01:00.0/uevent:DRIVER=nvidia\n"
    "/sys/bus/pci/devices/0000:01:00.0/uevent:PCI_CLASS=30200\n"
    "/sys/bus/pci/devices/0000:01:00.0/uevent:PCI_ID=10DE:1DB4\n";

}  // namespace

TEST_SUITE("driver_check plan") {
  TEST_CASE("a machine without a GPU says so and fails only where one is required") {
    const auto plan = plan_of("{}", facts_of(DriverState::no_gpu));
    CHECK(plan.changes.empty());
    CHECK(plan.failures.empty());
    REQUIRE(plan.notes.size() == 1);
    CHECK(plan.notes[0].text == "no NVIDIA GPU");
    CHECK(plan_of(R"({"require_gpu": true})", facts_of(DriverState::no_gpu)).failures.size() == 1);
    CHECK(plan_of(R"({"install": "repair"})", facts_of(DriverState::no_gpu)).changes.empty());
  }

  TEST_CASE("it installs only as far as the document lets it") {
    const auto missing = facts_of(DriverState::not_loaded, true);
    const auto broken = facts_of(DriverState::not_loaded, false);
    const auto if_missing = R"({"install": "if_missing"})";
    CHECK(plan_of("{}", missing).changes.empty());
    CHECK(brief(plan_of(if_missing, missing)) ==
          "V100-1 run package lists, V100-1 create package nvidia-x, V100-1 run kernel module "
          "nvidia");
    CHECK(plan_of(if_missing, broken).changes.empty());
    CHECK(plan_of(R"({"install": "repair"})", broken).changes.size() == 3);
  }

  TEST_CASE("a driver that is wanted and cannot be mended fails with what would help") {
    const auto plan = plan_of(R"({"require_gpu": true})", facts_of(DriverState::api_mismatch));
    const auto& error = plan.failures.at("V100-1");
    CHECK(contains(error.message, "api_mismatch: the evidence"));
    CHECK(contains(error.detail.back().hint, "modprobe nvidia"));
  }

  TEST_CASE("a restart and an unloaded module are disruptions, never commands of ours") {
    auto facts = facts_of(DriverState::needs_open);
    facts.verdict.needs_reboot = true;
    facts.verdict.repair.push_back({"rmmod", "nvidia"});
    const auto plan = plan_of(R"({"install": "repair"})", facts);
    const auto& last = plan.changes.back();
    REQUIRE(last.disrupts.size() == 2);
    CHECK(last.disrupts[0].kind == "containers");
    CHECK(last.disrupts[1].kind == "reboot");
    for (const auto& change : plan.changes) CHECK_FALSE(contains(change.after, "reboot"));
  }

  TEST_CASE("without apt nothing is planned") {
    auto facts = facts_of(DriverState::not_loaded, true);
    facts.has_apt = false;
    CHECK(plan_of(R"({"install": "repair"})", facts).changes.empty());
  }

  TEST_CASE("the GPUs of a sound machine are there for the hostfile, those of others are not") {
    const auto nodes = two_nodes();
    Outputs outputs;
    const auto cluster = cluster_of(
        nodes, std::vector{facts_of(DriverState::ok), facts_of(DriverState::not_loaded)});
    DriverCheck::publish(config_of<DriverCheck>("{}"), cluster, outputs);
    CHECK(outputs.get("gpus", "V100-1") == "8");
    CHECK(outputs.get("gpus", "V100-2") == "0");
  }

  TEST_CASE("what is wrong in the document is a problem") {
    CHECK(contains(problems_of<DriverCheck>(R"({"min_driver": "new"})"), "not a driver version"));
    CHECK(contains(problems_of<DriverCheck>(R"({"install": "always"})"), "/install"));
    CHECK(contains(problems_of<DriverCheck>(R"({"root": "recorded"})"), "absolute"));
  }
}

TEST_SUITE("driver_check observe") {
  TEST_CASE("a machine without a GPU is asked for nothing more") {
    FakeHost host;
    host.on_any(program("find", says("/sys/bus/pci/devices/0000:00:02.0/vendor:0x8086\n")));
    const auto facts = observe(host);
    CHECK(facts.verdict.state == DriverState::no_gpu);
    CHECK(facts.gpus == 0);
    CHECK(host.commands.size() == 1);
    CHECK(host.writes == 0);
  }

  TEST_CASE("a sound machine is read and writes nothing") {
    FakeHost host;
    host.files["/proc/driver/nvidia/version"].content =
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n";
    host.files["/proc/sys/kernel/osrelease"].content = "6.8.0-45-generic\n";
    host.files["/etc/os-release"].content = "ID=ubuntu\n";
    host.on_any(program("find", says(v100_rows)));
    host.on_any(program("nvidia-smi", says("GPU 0: Tesla V100 (UUID: GPU-1)\n"
                                           "GPU 1: Tesla V100 (UUID: GPU-2)\n")));
    const auto facts = observe(host);
    CHECK(facts.verdict.state == DriverState::ok);
    CHECK(facts.gpus == 2);
    CHECK(facts.has_apt);
    CHECK_FALSE(facts.driver_missing);
    CHECK(host.writes == 0);
    const auto about = DriverCheck::describe(facts);
    CHECK(about.at("verdict").as_string() == "ok");
    CHECK(about.at("version").as_string() == "550.54.14");
  }

  TEST_CASE("a root prefix is before every path, a given PATH with every program") {
    FakeHost host;
    host.files["/rec/proc/driver/nvidia/version"].content = "";
    host.files["/rec/etc/os-release"].content = "ID=debian\n";
    host.on_any(program("find", says(replace_all(v100_rows, "DRIVER=nvidia", "A=b"))));
    const auto facts = observe(host, R"({"root": "/rec/", "path": "/rec/bin"})");
    CHECK(facts.verdict.state == DriverState::not_loaded);
    CHECK(facts.driver_missing);
    for (const auto& command : host.commands) {
      CHECK(command.env.back().second == "/rec/bin");
      for (const auto& word : command.argv)
        if (starts_with(word, "/")) CHECK_MESSAGE(starts_with(word, "/rec/"), word);
    }
  }

  TEST_CASE("a hanging nvidia-smi is a verdict") {
    // Only nvidia-smi hangs: a host that answers all else from a script.
    struct Hanging final : FakeHost {
      Task<Result<Outcome>> run(const Command& command, OutputSink sink) override {
        if (command.argv.front() == "nvidia-smi")
          co_return Error{Status::timeout, "nvidia-smi -L: no end after 5 s"};
        auto outcome = co_await FakeHost::run(command, std::move(sink));
        co_return outcome;
      }
    } host;
    host.files["/proc/driver/nvidia/version"].content =
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n";
    host.on_any(program("find", says(v100_rows)));
    const auto facts = observe(host);
    CHECK(facts.verdict.state == DriverState::gpu_unhealthy);
    CHECK(starts_with(facts.verdict.evidence.front(), "smi_hang"));
  }
}
