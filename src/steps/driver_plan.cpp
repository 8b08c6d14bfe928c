// The pure half of DriverCheck: which of a verdict's commands are to run, and what they disrupt.
#include <algorithm>
#include <boost/json.hpp>

#include "formats/driver_repair.hpp"
#include "steps/driver_check.hpp"

namespace dtenv {
namespace {

/// What a command line would do to those who use the machine now.
std::vector<Disruption> disruptions(const Argv& argv, bool is_last, const DriverVerdict& verdict) {
  std::vector<Disruption> out;
  // Jobs across NVSwitches end with the fabric manager.
  const bool ends_fabric = argv.front() == "systemctl" && argv.back() == "nvidia-fabricmanager" &&
                           (argv[1] == "restart" || argv[1] == "stop");
  if (argv.front() == "rmmod" || argv.front() == "nvidia-smi" || ends_fabric)
    out.push_back({"containers", "every container that uses a GPU"});
  if (is_last && verdict.needs_reboot)
    out.push_back({"reboot", "the machine has to be restarted afterwards, by its owner"});
  return out;
}

std::string resource_of(const Argv& argv) {
  if (const auto file = file_of(argv)) return file->path;
  if (is_hold(argv)) return "hold on the driver's packages";
  if (argv.front() == "modprobe" || argv.front() == "rmmod") return "kernel module nvidia";
  if (argv.front() == "systemctl") return "service " + argv.back();
  if (argv.size() > 1 && argv[1] == "update") return "package lists";
  if (argv.size() > 1 && argv[1] == "module") return "package module " + argv.back();
  if (argv.size() > 1 && argv[1] == "config-manager")
    return "package repository " + replace_all(argv.back(), "--from-repofile=", "");
  const auto packages = packages_of(argv);
  return packages.empty() ? "command " + argv.front() : "package " + join(packages, " ");
}

std::string reason_of(const Argv& argv, const DriverVerdict& verdict) {
  if (is_hold(argv)) return "an unattended upgrade would replace the driver under running jobs";
  if (const auto file = file_of(argv); file && contains(file->text, "Unattended"))
    return "unattended-upgrades is to leave the driver alone";
  if (argv.size() > 1 && argv[1] == "update") return "the package lists may be old";
  return verdict.evidence.empty() ? std::string(driver_state_name(verdict.state))
                                  : verdict.evidence.front();
}

Action action_of(const Argv& argv) {
  return packages_of(argv).empty() && !file_of(argv) ? Action::run : Action::create;
}

Change make_change(const Node& node, const DriverVerdict& verdict, const Argv& argv, bool is_last) {
  Change change;
  change.node = node.name;
  change.resource = resource_of(argv);
  change.action = action_of(argv);
  if (!file_of(argv)) change.before = verdict.version;
  const auto file = file_of(argv);
  change.after = file ? file->text : show_argv(argv);
  change.reason = reason_of(argv, verdict);
  change.disrupts = disruptions(argv, is_last, verdict);
  json::array words;
  for (const auto& word : argv) words.emplace_back(json::string(word));
  change.payload = json::serialize(words);
  return change;
}

bool is_keeping(const Argv& argv) {
  const auto file = file_of(argv);
  return is_hold(argv) || (file && contains(file->text, "Unattended"));
}

std::vector<Argv> wanted_commands(const DriverCheck::Config& config,
                                  const DriverCheck::Facts& facts) {
  using Install = DriverCheck::Install;
  if (config.install == Install::never || !facts.can_install) return {};
  if (config.install == Install::if_missing && !facts.driver_missing) return {};
  const bool sound = facts.verdict.state == DriverState::ok;
  std::vector<Argv> out = sound ? facts.hold : facts.pending;
  if (std::any_of(out.begin(), out.end(), needs_a_person)) return {};
  if (!config.hold) out.erase(std::remove_if(out.begin(), out.end(), is_keeping), out.end());
  const bool installs = std::any_of(out.begin(), out.end(), [](const Argv& argv) {
    return argv.front() == "apt-get" && argv[1] == "install";
  });
  if (installs) out.insert(out.begin(), Argv{"apt-get", "update"});
  return out;
}

std::string summary(const DriverVerdict& verdict) {
  std::string text(driver_state_name(verdict.state));
  if (!verdict.flavour.empty()) text += " (" + verdict.flavour + ")";
  if (!verdict.evidence.empty()) text += ": " + join(verdict.evidence, "; ");
  return text;
}

Error failure_of(const Node& node, const DriverCheck::Facts& facts) {
  const auto& verdict = facts.verdict;
  Error error(Status::state, "NVIDIA driver on " + node.name + ": " + summary(verdict));
  if (verdict.needs_reboot && facts.pending.empty() && !verdict.repair.empty())
    error.message += ": restart the machine, all else is done";
  for (const auto& argv : facts.pending) {
    Problem problem;
    problem.problem = std::string(driver_state_name(verdict.state));
    problem.hint = "would help: " + show_argv(argv);
    error.detail.push_back(std::move(problem));
  }
  return error;
}

void note_what_helps(const Node& node, const DriverCheck::Facts& facts, Plan& plan) {
  for (const auto& argv : facts.pending)
    plan.notes.push_back(
        {node.name, Severity::info,
         (needs_a_person(argv) ? "a person has to run: " : "would help: ") + show_argv(argv)});
  if (facts.verdict.needs_reboot)
    plan.notes.push_back({node.name, Severity::warning,
                          "a restart is needed for the driver: dtenv never does that"});
}

void plan_machine(const DriverCheck::Config& config, const Node& node,
                  const DriverCheck::Facts& facts, Plan& plan) {
  const auto& verdict = facts.verdict;
  const bool sound = verdict.state == DriverState::ok;
  const bool no_gpu = verdict.state == DriverState::no_gpu;
  plan.notes.push_back({node.name, sound || no_gpu ? Severity::info : Severity::warning,
                        no_gpu ? "no NVIDIA GPU" : summary(verdict)});
  for (const auto& warning : verdict.warnings)
    plan.notes.push_back({node.name, Severity::warning, warning});
  const auto commands = no_gpu ? std::vector<Argv>{} : wanted_commands(config, facts);
  for (std::size_t i = 0; i < commands.size(); ++i)
    plan.changes.push_back(make_change(node, verdict, commands[i], i + 1 == commands.size()));
  if (sound || !commands.empty()) return;
  note_what_helps(node, facts, plan);
  if (config.require_gpu) plan.failures.emplace(node.name, failure_of(node, facts));
}

}  // namespace

Result<Plan> DriverCheck::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& machine : cluster.machines)
    plan_machine(config, *machine.node, machine.facts, plan);
  return plan;
}

}  // namespace dtenv
