#include "steps/driver_check.hpp"

#include <boost/json.hpp>

#include "formats/driver_repair.hpp"
#include "formats/error_catalogue.hpp"
#include "steps/package_lock.hpp"

namespace dtenv {
namespace {

constexpr Duration install_deadline = std::chrono::minutes(30);
/// As long as the repair's own words say (DPkg::Lock::Timeout).
constexpr Duration lock_patience = std::chrono::minutes(10);

json::array strings(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& value : values) out.emplace_back(json::string(to_utf8(value)));
  return out;
}

json::value known(const std::string& value) {
  if (value.empty()) return nullptr;
  return json::value(json::string(to_utf8(value)));
}

/// Which modules a GPU runs with.
std::string_view flavour_needed(GpuArch arch) {
  if (arch == GpuArch::unknown) return "unknown";
  if (arch >= GpuArch::blackwell) return "open";
  return arch < GpuArch::turing ? "proprietary" : "either";
}

json::array devices_json(const DriverFacts& found) {
  json::array out;
  for (const auto& gpu : found.gpus) {
    json::object one;
    one["slot"] = gpu.slot;
    one["architecture"] = gpu_arch_name(gpu_arch(gpu.device));
    one["flavour_needed"] = flavour_needed(gpu_arch(gpu.device));
    one["driver"] = known(gpu.driver);
    if (gpu.numa_node >= 0) one["numa_node"] = gpu.numa_node;
    out.push_back(std::move(one));
  }
  return out;
}

json::object details_of(const DriverFacts& found) {
  json::object out;
  out["devices"] = devices_json(found);
  out["nvswitch"] = found.has_nvswitch;
  out["version_on_disk"] = known(found.modinfo.version);
  out["library_versions"] = strings(found.libraries.versions);
  const auto& nvml = found.nvml;
  std::string answer = nvml.why_not.empty() ? nvml.library_error : "not asked: " + nvml.why_not;
  if (nvml.init) answer = *nvml.init == 0 ? "answers" : nvml_code_name(*nvml.init);
  out["nvml"] = known(answer);
  if (nvml.cuda > 0)
    out["cuda"] = std::to_string(nvml.cuda / 1000) + "." + std::to_string(nvml.cuda % 1000 / 10);
  if (found.secure_boot) out["secure_boot"] = *found.secure_boot;
  if (!found.next_kernel.empty()) out["next_kernel"] = found.next_kernel;
  return out;
}

/// The command's words, with what the catalogue of errors knows of them.
Error explained(Error error, const Outcome& outcome) {
  for (const auto* known_error : explain(outcome.out + "\n" + outcome.err)) {
    Problem problem;
    problem.problem = std::string(known_error->cause);
    problem.hint = std::string(known_error->repair);
    error.detail.push_back(std::move(problem));
  }
  return error;
}

}  // namespace

DriverCheck::Config DriverCheck::parse(JsonReader& reader) {
  Config config;
  const auto install = reader.one_of("install", {"never", "if_missing", "repair"}, "never");
  if (install == "if_missing") config.install = Install::if_missing;
  if (install == "repair") config.install = Install::repair;
  config.require_gpu = reader.boolean_or("require_gpu", false);
  config.hold = reader.boolean_or("hold", true);
  std::optional<DriverVersion> min_driver;
  if (const auto text = reader.string("min_driver")) {
    min_driver = parse_driver_version(*text);
    if (!min_driver)
      reader.problem("min_driver", "\"" + visible(*text) + "\" is not a driver version",
                     "such as \"525.60.13\"");
  }
  const std::string cuda = reader.string_or("cuda", "");
  if (!cuda.empty() && !driver_floor(cuda))
    reader.problem("cuda", "\"" + visible(cuda) + "\" is not a version of CUDA that is known",
                   "from \"7.5\" to \"13.x\", such as \"12.4\"");
  config.wish = driver_wish(min_driver, cuda);
  config.source_deadline = reader.duration_or("source_deadline", config.source_deadline);
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
  Facts facts;
  facts.verdict = driver_verdict(found, config.wish);
  facts.pending = pending_argvs(found, facts.verdict.repair);
  facts.hold = hold_argvs(found);
  facts.gpus = found.smi.gpus > 0 ? found.smi.gpus : static_cast<int>(found.gpus.size());
  facts.driver_missing = !found.loaded && !found.has_packages();
  facts.can_install = found.os.is_debian_family() || found.os.is_rhel_family();
  facts.kernel = found.kernel;
  facts.details = details_of(found);
  co_return facts;
}

Task<Result<void>> DriverCheck::apply(const Config& config, const Change& change, Target& target) {
  Command command;
  const json::value words = json::parse(change.payload);
  for (const auto& word : words.as_array()) command.argv.emplace_back(word.as_string());
  if (const auto file = file_of(command.argv)) {
    FileWrite write;
    write.path = config.root + file->path;
    write.content = file->text;
    co_return co_await target.host.write(write);
  }
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
  DT_CO_TRY_ASSIGN(const Outcome outcome,
                   co_await run_when_unlocked(target, command, lock_patience, sink));
  if (outcome.ok()) co_return Result<void>{};
  // Somebody's broken source must not keep the driver from being installed: the installation tells.
  if (command.argv.size() == 2 && command.argv[1] == "update") co_return Result<void>{};
  co_return explained(command_error(command, outcome), outcome);
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
  for (const auto& detail : facts.details) out[detail.key()] = detail.value();
  return out;
}

}  // namespace dtenv
