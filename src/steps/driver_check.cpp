#include "steps/driver_check.hpp"

#include <boost/json.hpp>

#include "formats/os_release.hpp"

namespace dtenv {
namespace {

constexpr Duration install_deadline = std::chrono::minutes(30);

/// What a command line would do to those who use the machine now.
std::vector<Disruption> disruptions(const Argv& argv, bool is_last, const DriverVerdict& verdict) {
  std::vector<Disruption> out;
  if (argv.front() == "rmmod" || argv.front() == "nvidia-smi")
    out.push_back({"containers", "every container that uses a GPU"});
  if (is_last && verdict.needs_reboot)
    out.push_back({"reboot", "the machine has to be restarted afterwards, by its owner"});
  return out;
}

bool is_install(const Argv& argv) {
  return argv.size() > 1 && argv[0] == "apt-get" && argv[1] == "install";
}

std::string resource_of(const Argv& argv) {
  if (argv.front() == "modprobe" || argv.front() == "rmmod") return "kernel module nvidia";
  if (argv.size() > 1 && argv[1] == "update") return "package lists";
  if (!is_install(argv)) return "command " + argv.front();
  // Options stand before the packages; each -o has a word of its own.
  std::vector<std::string> packages;
  for (std::size_t i = 2; i < argv.size(); ++i) {
    if (argv[i] == "-o")
      ++i;
    else if (argv[i].front() != '-')
      packages.push_back(argv[i]);
  }
  return "package " + join(packages, " ");
}

Change make_change(const Node& node, const DriverVerdict& verdict, const Argv& argv, bool is_last) {
  Change change;
  change.node = node.name;
  change.resource = resource_of(argv);
  change.action = is_install(argv) ? Action::create : Action::run;
  change.before = verdict.version;
  change.after = show_argv(argv);
  change.reason = verdict.evidence.empty() ? std::string(driver_state_name(verdict.state))
                                           : verdict.evidence.front();
  change.disrupts = disruptions(argv, is_last, verdict);
  json::array words;
  for (const auto& word : argv) words.emplace_back(json::string(word));
  change.payload = json::serialize(words);
  return change;
}

std::vector<Argv> wanted_commands(const DriverCheck::Config& config,
                                  const DriverCheck::Facts& facts) {
  if (config.install == DriverCheck::Install::never || !facts.has_apt) return {};
  if (config.install == DriverCheck::Install::if_missing && !facts.driver_missing) return {};
  std::vector<Argv> out = facts.verdict.repair;
  for (const auto& argv : facts.verdict.repair)
    if (is_install(argv)) {
      out.insert(out.begin(), Argv{"apt-get", "update"});
      break;
    }
  return out;
}

std::string summary(const DriverVerdict& verdict) {
  std::string text(driver_state_name(verdict.state));
  if (!verdict.flavour.empty()) text += " (" + verdict.flavour + ")";
  if (!verdict.evidence.empty()) text += ": " + join(verdict.evidence, "; ");
  return text;
}

Error failure_of(const Node& node, const DriverVerdict& verdict) {
  Error error(Status::state, "NVIDIA driver on " + node.name + ": " + summary(verdict));
  for (const auto& argv : verdict.repair) {
    Problem problem;
    problem.problem = std::string(driver_state_name(verdict.state));
    problem.hint = "would help: " + show_argv(argv);
    error.detail.push_back(std::move(problem));
  }
  return error;
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
  if (sound) return;
  const auto commands = no_gpu ? std::vector<Argv>{} : wanted_commands(config, facts);
  for (std::size_t i = 0; i < commands.size(); ++i)
    plan.changes.push_back(make_change(node, verdict, commands[i], i + 1 == commands.size()));
  if (!commands.empty()) return;
  for (const auto& argv : verdict.repair)
    plan.notes.push_back({node.name, Severity::info, "would help: " + show_argv(argv)});
  if (verdict.needs_reboot)
    plan.notes.push_back({node.name, Severity::warning,
                          "a restart is needed for the driver: dtenv never does that"});
  if (config.require_gpu) plan.failures.emplace(node.name, failure_of(node, verdict));
}

json::array strings(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& value : values) out.emplace_back(json::string(to_utf8(value)));
  return out;
}

json::value known(const std::string& value) {
  if (value.empty()) return nullptr;
  return json::value(json::string(to_utf8(value)));
}

}  // namespace

DriverCheck::Config DriverCheck::parse(JsonReader& reader) {
  Config config;
  const auto install = reader.one_of("install", {"never", "if_missing", "repair"}, "never");
  if (install == "if_missing") config.install = Install::if_missing;
  if (install == "repair") config.install = Install::repair;
  config.require_gpu = reader.boolean_or("require_gpu", false);
  if (const auto text = reader.string("min_driver")) {
    config.min_driver = parse_driver_version(*text);
    if (!config.min_driver)
      reader.problem("min_driver", "\"" + visible(*text) + "\" is not a driver version",
                     "such as \"525.60.13\"");
  }
  config.root = reader.string_or("root", "");
  while (ends_with(config.root, "/")) config.root.pop_back();
  if (!config.root.empty() && config.root.front() != '/')
    reader.problem("root", "an absolute path expected");
  config.path = reader.string_or("path", "");
  return config;
}

Task<Result<DriverCheck::Facts>> DriverCheck::observe(const Config& config, Target& target) {
  DT_CO_TRY_ASSIGN(const DriverSources sources, co_await read_driver_sources(config, target));
  const auto found = read_driver_facts(sources);
  DriverWish wish;
  wish.min_driver = config.min_driver;
  Facts facts;
  facts.verdict = driver_verdict(found, wish);
  facts.gpus = found.smi.gpus > 0 ? found.smi.gpus : static_cast<int>(found.gpus.size());
  facts.driver_missing = !found.loaded && !found.has_packages();
  facts.kernel = found.kernel;
  if (facts.verdict.state == DriverState::no_gpu) co_return facts;
  const std::string path = config.root + "/etc/os-release";
  DT_CO_TRY_ASSIGN(const auto release, co_await target.host.read(path, std::size_t{64} << 10));
  facts.has_apt = release && parse_os_release(release->content).is_debian_family();
  co_return facts;
}

Result<Plan> DriverCheck::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& machine : cluster.machines)
    plan_machine(config, *machine.node, machine.facts, plan);
  return plan;
}

Task<Result<void>> DriverCheck::apply(const Config& config, const Change& change, Target& target) {
  Command command;
  const json::value words = json::parse(change.payload);
  for (const auto& word : words.as_array()) command.argv.emplace_back(word.as_string());
  command.env.emplace_back("DEBIAN_FRONTEND", "noninteractive");
  command.env.emplace_back("NEEDRESTART_MODE", "l");
  if (!config.path.empty()) command.env.emplace_back("PATH", config.path);
  command.timeout = install_deadline;
  target.progress.text(show_argv(command.argv));
  auto& progress = target.progress;
  const OutputSink sink = [&progress](Stream, std::string_view bytes) {
    const auto lines = split_lines(bytes);
    if (!lines.empty()) progress.text(visible(lines.back(), 160));
  };
  DT_CO_TRY(co_await run_ok(target.host, command, sink));
  co_return Result<void>{};
}

void DriverCheck::publish(const Config&, const Cluster<Facts>& cluster, Outputs& outputs) {
  for (const auto& machine : cluster.machines) {
    // GPUs behind a driver that does not answer are nobody's slots.
    const auto state = machine.facts.verdict.state;
    const int usable = state == DriverState::ok ? machine.facts.gpus : 0;
    outputs.set("gpus", std::to_string(usable), machine.node->name);
  }
}

json::object DriverCheck::describe(const Facts& facts) {
  const auto& verdict = facts.verdict;
  json::array repair;
  for (const auto& argv : verdict.repair) repair.emplace_back(strings(argv));
  json::object out;
  out["verdict"] = driver_state_name(verdict.state);
  out["gpus"] = facts.gpus;
  out["flavour"] = known(verdict.flavour);
  out["version"] = known(verdict.version);
  out["recommended"] = known(verdict.recommended);
  out["kernel"] = known(std::string(trim(facts.kernel)));
  out["evidence"] = strings(verdict.evidence);
  out["warnings"] = strings(verdict.warnings);
  out["repair"] = std::move(repair);
  out["needs_reboot"] = verdict.needs_reboot;
  return out;
}

}  // namespace dtenv
