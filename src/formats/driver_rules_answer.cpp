#include <algorithm>

#include "formats/driver_repair.hpp"
#include "formats/driver_rules.hpp"

namespace dtenv {
namespace {

bool say(DriverVerdict& verdict, std::string evidence) {
  verdict.evidence.push_back(std::move(evidence));
  return true;
}

bool is_foreign(const DriverFacts& facts) {
  const auto& versions = facts.libraries.versions;
  return facts.loaded && facts.smi.state != SmiState::ok && !versions.empty() &&
         (std::find(versions.begin(), versions.end(), facts.loaded->version) == versions.end() ||
          (!facts.libraries.first.empty() && facts.libraries.first != facts.loaded->version));
}

/// The loaded module is the one on disk: loading it again changes nothing, the libraries are wrong.
bool module_is_current(const DriverFacts& facts) {
  return facts.loaded && facts.modinfo.found && facts.modinfo.version == facts.loaded->version;
}

std::vector<DpkgRow> fabric_managers(const DriverFacts& facts) {
  std::vector<DpkgRow> out;
  for (const auto& row : facts.packages)
    if (row.installed() &&
        (starts_with(row.package, "nvidia-fabricmanager") ||
         starts_with(row.package, "nvidia-fabric-manager")) &&
        !contains(row.package, "-dev"))
      out.push_back(row);
  return out;
}

/// The fabric manager's service, where the machine has the switches it is for.
void say_fabric_service(const DriverFacts& facts, DriverVerdict& verdict) {
  const auto state = facts.service("nvidia-fabricmanager");
  const bool listed = facts.sources.dpkg || facts.sources.rpm;
  if (!facts.has_nvswitch) return;
  if (state == "missing" ||
      (state.empty() && listed && fabric_managers(facts).empty() && facts.nvml.gpus.empty()))
    say(verdict, "the machine has NVSwitches and no nvidia-fabricmanager");
  else if (!state.empty() && state != "active")
    say(verdict, "nvidia-fabricmanager is " + state);
}

/// NVML's own word: where a GPU has a fabric, it has to be complete.
void say_fabric_states(const DriverFacts& facts, DriverVerdict& verdict) {
  for (std::size_t i = 0; i < facts.nvml.gpus.size(); ++i) {
    const auto& gpu = facts.nvml.gpus[i];
    if (!gpu.fabric_state || *gpu.fabric_state == 0) continue;
    const int status = gpu.fabric_status.value_or(0);
    if (*gpu.fabric_state == 3 && status == 0) continue;
    say(verdict, "GPU " + std::to_string(i) + ": fabric " + fabric_state_name(*gpu.fabric_state) +
                     (status == 0 ? "" : " with " + nvml_code_name(status)));
    return;
  }
}

std::string hung_program(const DriverFacts& facts) {
  if (facts.smi.state == SmiState::hang) return "nvidia-smi";
  if (contains(facts.sources.hung.value_or(""), "/proc/driver"))
    return "reading /proc/driver/nvidia";
  return facts.nvml.why_not == "hangs" ? "NVML" : "";
}

/// GPUs on the bus that are the driver's own and that it does not list.
void say_missing_gpus(const DriverFacts& facts, DriverVerdict& verdict) {
  const auto bound = std::count_if(facts.gpus.begin(), facts.gpus.end(),
                                   [](const PciDevice& gpu) { return gpu.driver == "nvidia"; });
  const auto excluded = std::count_if(facts.information.begin(), facts.information.end(),
                                      [](const GpuInformation& gpu) { return gpu.excluded; });
  if (facts.smi.state != SmiState::ok || facts.smi.gpus == 0) return;
  if (facts.smi.gpus >= bound - excluded) return;
  say(verdict, "the driver lists " + std::to_string(facts.smi.gpus) + " of " +
                   std::to_string(bound - excluded) + " GPUs");
  for (const auto& gpu : facts.information)
    if (!gpu.initialised() && !gpu.excluded)
      say(verdict, "PCI " + gpu.slot + " (" + gpu.model + ") is not initialised");
}

}  // namespace

bool rule_api_mismatch(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  const auto& smi = facts.smi;
  if (smi.state == SmiState::mismatch)
    say(verdict,
        smi.line + (smi.library_version.empty() ? "" : " (library " + smi.library_version + ")"));
  if (!facts.log.api_mismatch.empty() && smi.state != SmiState::ok)
    say(verdict, facts.log.api_mismatch);
  const bool no_library = smi.state == SmiState::no_library ||
                          (facts.loaded && facts.smi_missing && !facts.nvml.library_error.empty());
  if (no_library) {
    say(verdict, facts.nvml.library_error.empty() ? smi.line : facts.nvml.library_error);
    verdict.repair = library_argvs(facts);
    return true;
  }
  if (is_foreign(facts))
    say(verdict, "the loaded module is " + facts.loaded->version + ", the libraries are " +
                     join(facts.libraries.versions, " and ") +
                     (facts.libraries.first.empty() ? "" : ", first " + facts.libraries.first));
  if (verdict.evidence.empty()) return false;
  if (!facts.libraries.stub.empty())
    say(verdict, "a stub of the CUDA toolkit stands first: " + facts.libraries.stub);
  if (!module_is_current(facts)) {
    verdict.repair = reload_module_argvs(facts);
    return true;
  }
  say(verdict, "the module on disk is the loaded one, " + facts.loaded->version +
                   ": other libraries stand before the driver's own");
  return true;
}

bool rule_fabric_mismatch(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (!facts.log.fabric_mismatch.empty()) say(verdict, facts.log.fabric_mismatch);
  const auto version = facts.version();
  for (const auto& row : fabric_managers(facts)) {
    const auto own = upstream_version(row.version);
    if (facts.has_nvswitch && !version.empty() && own != version)
      say(verdict, row.package + " is " + own + ", the driver is " + version);
    // The log keeps what an upgrade has mended since.
    if (own == version) verdict.evidence.clear();
  }
  say_fabric_service(facts, verdict);
  say_fabric_states(facts, verdict);
  if (verdict.evidence.empty()) return false;
  if (facts.branch() != 0) verdict.repair = fabric_manager_argvs(facts);
  return true;
}

bool rule_gpu_unhealthy(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  switch (facts.smi.state) {
    case SmiState::gpu_lost:
    case SmiState::no_devices:
    case SmiState::no_permission:
    case SmiState::unknown_error:
      say(verdict, facts.smi.line);
      break;
    case SmiState::needs_reset:
      say(verdict, facts.smi.line);
      verdict.repair = {{"nvidia-smi", "--gpu-reset"}};
      break;
    default:
      break;
  }
  const auto hung = hung_program(facts);
  if (!hung.empty()) say(verdict, "smi_hang: " + hung + " did not end in time");
  say_missing_gpus(facts, verdict);
  if (!facts.log.fatal_xid.empty()) say(verdict, facts.log.fatal_xid);
  if (!facts.log.init_failed.empty() && facts.log.init_failed != facts.log.fatal_xid)
    say(verdict, facts.log.init_failed);
  if (verdict.evidence.empty()) return false;
  verdict.needs_reboot =
      facts.smi.state == SmiState::gpu_lost || !hung.empty() || !facts.log.fatal_xid.empty();
  return true;
}

bool rule_driver_too_old(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict) {
  const auto version = parse_driver_version(facts.version());
  if (!wish.min_driver || !version || *version >= *wish.min_driver) return false;
  const std::string floor = show_driver_version(*wish.min_driver);
  say(verdict, "the driver is " + facts.version() + ", " +
                   (wish.cuda.empty() ? "wanted is" : "CUDA " + wish.cuda + " wants") +
                   " at least " + floor);
  if (const int last = last_branch(facts); last < wish.min_driver->major) {
    say(verdict, "branch " + std::to_string(last) + " is the last one for this GPU");
    return true;
  }
  verdict.repair = install_driver_argvs(facts, wanted_flavour(facts), wish.min_driver->major);
  verdict.needs_reboot = true;
  return true;
}

}  // namespace dtenv
