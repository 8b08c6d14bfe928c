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
  facts.pending = facts.verdict.repair;
  facts.gpus = state == DriverState::no_gpu ? 0 : 8;
  facts.driver_missing = missing;
  facts.can_install = true;
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
    "pci \n"
    "pci /sys/bus/pci/devices/0000:01:00.0/uevent:DRIVER=nvidia\n"
    "pci /sys/bus/pci/devices/0000:01:00.0/uevent:PCI_CLASS=30200\n"
    "pci /sys/bus/pci/devices/0000:01:00.0/uevent:PCI_ID=10DE:1DB4\n";
const std::string loaded_rows =
    "kernel 6.8.0-45-generic\nos_release ID=ubuntu\n"
    "proc_version NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 2024\n";

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
    facts.pending.push_back({"rmmod", "nvidia"});
    const auto plan = plan_of(R"({"install": "repair"})", facts);
    const auto& last = plan.changes.back();
    REQUIRE(last.disrupts.size() == 2);
    CHECK(last.disrupts[0].kind == "containers");
    CHECK(last.disrupts[1].kind == "reboot");
    for (const auto& change : plan.changes) CHECK_FALSE(contains(change.after, "reboot"));
  }

  TEST_CASE("where neither apt nor dnf is known nothing is planned") {
    auto facts = facts_of(DriverState::not_loaded, true);
    facts.can_install = false;
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
    CHECK(contains(problems_of<DriverCheck>(R"({"cuda": "99.1"})"), "not a version of CUDA"));
  }
}

TEST_SUITE("driver_check plan of what is half done") {
  TEST_CASE("what waits for a reboot alone is no change, and fails where a GPU is required") {
    auto facts = facts_of(DriverState::needs_open);
    facts.verdict.needs_reboot = true;
    facts.pending.clear();
    const auto plan = plan_of(R"({"install": "repair", "require_gpu": true})", facts);
    CHECK(plan.changes.empty());
    CHECK(contains(plan.notes.back().text, "restart is needed"));
    CHECK(contains(plan.failures.at("V100-1").message, "restart the machine, all else is done"));
  }

  TEST_CASE("a command that asks a person is told, and nothing is run without it") {
    auto facts = facts_of(DriverState::secure_boot);
    facts.pending = {{"mokutil", "--import", "/var/lib/dkms/mok.pub"}, {"modprobe", "nvidia"}};
    const auto plan = plan_of(R"({"install": "repair"})", facts);
    CHECK(plan.changes.empty());
    CHECK(plan.notes[1].text == "a person has to run: mokutil --import /var/lib/dkms/mok.pub");
  }

  TEST_CASE("the hold is a change of its own, and not where the document does not want it") {
    auto facts = facts_of(DriverState::ok);
    facts.hold = {{"apt-mark", "hold", "nvidia-x"}};
    CHECK(brief(plan_of(R"({"install": "repair"})", facts)) ==
          "V100-1 run hold on the driver's packages");
    CHECK(plan_of(R"({"install": "repair", "hold": false})", facts).changes.empty());
    CHECK(plan_of(R"({"install": "if_missing"})", facts).changes.empty());
  }
}

TEST_SUITE("driver_check observe") {
  TEST_CASE("a machine without a GPU is asked for nothing more") {
    FakeHost host;
    host.on_any(program("sh", says("kernel 6.8.0\npci \nproc_version \nend\n")));
    const auto facts = observe(host);
    CHECK(facts.verdict.state == DriverState::no_gpu);
    CHECK(facts.gpus == 0);
    CHECK(host.commands.size() == 1);
    CHECK(host.writes == 0);
  }

  TEST_CASE("a sound machine is read in four round trips and writes nothing") {
    FakeHost host;
    host.on_any(program("sh", says(loaded_rows + v100_rows + "end\n")));
    host.on_any(program("nvidia-smi", says("0, GPU-1, 0000:01:00.0, Tesla V100, 550.54.14, 7.0, 0\n"
                                           "1, GPU-2, 0000:02:00.0, Tesla V100, 550.54.14, 7.0, "
                                           "0\n")));
    host.on_any(program("python3", says("init 0\ndriver 550.54.14\ncuda 12040\n")));
    const auto facts = observe(host, R"({"path": "/rec/bin"})");
    CHECK(facts.verdict.state == DriverState::ok);
    CHECK(facts.gpus == 2);
    CHECK(facts.can_install);
    CHECK_FALSE(facts.driver_missing);
    CHECK(host.writes == 0);
    CHECK(host.commands.size() == 4);
    for (const auto& command : host.commands) CHECK(command.env.back().second == "/rec/bin");
    const auto about = DriverCheck::describe(facts);
    CHECK(about.at("verdict").as_string() == "ok");
    CHECK(about.at("version").as_string() == "550.54.14");
    CHECK(about.at("nvml").as_string() == "answers");
    CHECK(about.at("cuda").as_string() == "12.4");
    const auto& device = about.at("devices").as_array().front().as_object();
    CHECK(device.at("architecture").as_string() == "Volta");
    CHECK(device.at("flavour_needed").as_string() == "proprietary");
  }

  TEST_CASE("an answer that does not come to its end is an error, not a machine without a GPU") {
    FakeHost host;
    host.on_any(program("sh", says("kernel 6.8.0\npci \n", 74)));
    asio::io_context loop;
    const auto nodes = two_nodes();
    const Outputs outputs;
    Silent progress;
    Target target{host, nodes[0], nodes, outputs, progress, {}, {}, "test"};
    const auto observed =
        run_task(loop, DriverCheck::observe(config_of<DriverCheck>("{}"), target));
    REQUIRE_FALSE(observed.has_value());
    CHECK(contains(observed.error().message, "exit 74"));
  }

  TEST_CASE("a command that fails says what the catalogue knows of its words") {
    FakeHost host;
    Outcome refused;
    refused.exit_code = 1;
    refused.err = "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service\n";
    host.on(Argv{"modprobe", "nvidia"}, refused);
    asio::io_context loop;
    const auto nodes = two_nodes();
    const Outputs outputs;
    Silent progress;
    Target target{host, nodes[0], nodes, outputs, progress, {}, {}, "test"};
    Change change;
    change.payload = R"(["modprobe", "nvidia"])";
    const auto applied =
        run_task(loop, DriverCheck::apply(config_of<DriverCheck>("{}"), change, target));
    REQUIRE_FALSE(applied.has_value());
    REQUIRE(applied.error().detail.size() == 1);
    CHECK(contains(applied.error().detail[0].problem, "Secure Boot"));
  }
}
