#include "formats/driver_verdict.hpp"

#include <algorithm>
#include <array>

#include "formats/driver_repair.hpp"

namespace dtenv {
namespace {

/// Says in `verdict` what it found and returns true where its state applies.
using Check = bool (*)(const DriverFacts&, const DriverWish&, DriverVerdict&);

bool say(DriverVerdict& verdict, std::string evidence) {
  verdict.evidence.push_back(std::move(evidence));
  return true;
}

bool no_gpu(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.has_gpu()) return false;
  return say(verdict, facts.pci_known ? "no PCI device of vendor 10de and a display class"
                                      : "nothing shows an NVIDIA GPU");
}

bool owned_by_other(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  const PciDevice* owned = nullptr;
  for (const auto& gpu : facts.gpus) {
    if (gpu.driver == "nvidia") return false;
    if (!gpu.driver.empty()) owned = &gpu;
  }
  std::string owner = owned != nullptr ? owned->driver : facts.log.other_owner;
  if (owned == nullptr && (facts.log.probe_not_called.empty() || facts.is_loaded())) return false;
  say(verdict, owned != nullptr ? "PCI " + owned->slot + " is bound to " + owner
                                : facts.log.probe_not_called);
  // A device given to vfio-pci was given away on purpose: nothing to run.
  if (owner == "vfio-pci") return true;
  if (!facts.has_packages()) verdict.repair = install_driver_argvs(facts, wanted_flavour(facts));
  verdict.repair.push_back({"update-initramfs", "-u"});
  verdict.needs_reboot = true;
  return true;
}

bool driver_is_there(const DriverFacts& facts) {
  return facts.loaded || facts.has_packages();
}

bool needs_open(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (!driver_is_there(facts) && facts.log.needs_open.empty()) return false;
  if (facts.is_open()) return false;
  for (const auto& gpu : facts.gpus)
    if (gpu_arch(gpu.device) == GpuArch::blackwell)
      say(verdict, "PCI " + gpu.slot + " is a Blackwell GPU: it runs with the open modules alone");
  if (!facts.log.needs_open.empty()) say(verdict, facts.log.needs_open);
  if (verdict.evidence.empty()) return false;
  verdict.repair = install_driver_argvs(facts, Flavour::open);
  verdict.needs_reboot = true;
  return true;
}

bool needs_proprietary(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (!driver_is_there(facts) && facts.log.needs_proprietary.empty()) return false;
  if (!facts.is_open() && (facts.log.needs_proprietary.empty() || facts.is_loaded())) return false;
  for (const auto& gpu : facts.gpus) {
    const auto arch = gpu_arch(gpu.device);
    if (arch != GpuArch::unknown && arch < GpuArch::turing)
      say(verdict, "PCI " + gpu.slot + " is a " + std::string(gpu_arch_name(arch)) +
                       " GPU: the open modules begin with Turing");
  }
  if (!facts.log.needs_proprietary.empty()) say(verdict, facts.log.needs_proprietary);
  if (verdict.evidence.empty()) return false;
  verdict.repair = install_driver_argvs(facts, Flavour::proprietary);
  verdict.needs_reboot = true;
  return true;
}

bool built_for(const DriverFacts& facts, const std::string& kernel) {
  return std::any_of(facts.dkms.begin(), facts.dkms.end(), [&](const DkmsRow& row) {
    return row.kernel == kernel && row.state == "installed";
  });
}

bool not_built_for_kernel(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.is_loaded() || !facts.has_packages()) return false;
  for (const auto& row : facts.packages)
    if (row.unfinished() && is_module_package(row.package))
      say(verdict, row.package + " is not configured (dpkg state " + row.status + ")");
  if (!facts.log.not_built.empty()) say(verdict, facts.log.not_built);
  if (facts.modinfo.not_found) say(verdict, "modinfo finds no module nvidia for this kernel");
  if (!facts.kernel.empty()) {
    if (!facts.modinfo.kernel.empty() && facts.modinfo.kernel != facts.kernel)
      say(verdict,
          "the module on disk is for " + facts.modinfo.kernel + ", the kernel is " + facts.kernel);
    if (!facts.dkms.empty() && !built_for(facts, facts.kernel) && !facts.modinfo.found)
      say(verdict, "dkms has " + facts.dkms.front().module + "/" + facts.dkms.front().version +
                       " and no build of it installed for " + facts.kernel);
  } else if (!facts.dkms.empty() &&
             std::none_of(facts.dkms.begin(), facts.dkms.end(),
                          [](const DkmsRow& row) { return row.state == "installed"; })) {
    say(verdict, "dkms has " + facts.dkms.front().module + " " + facts.dkms.front().state +
                     ", installed for no kernel");
  }
  if (verdict.evidence.empty()) return false;
  verdict.repair = rebuild_module_argvs(facts);
  return true;
}

bool secure_boot(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.is_loaded() || facts.log.key_rejected.empty()) return false;
  say(verdict, facts.log.key_rejected);
  if (facts.modinfo.found && facts.modinfo.signer.empty())
    say(verdict, "the module on disk has no signer");
  verdict.repair = signed_module_argvs(facts);
  verdict.needs_reboot = facts.is_debian();  // the new key is enrolled by the firmware's own menu
  return true;
}

bool not_loaded(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.is_loaded()) return false;
  if (!facts.log.branch_too_new.empty()) say(verdict, facts.log.branch_too_new);
  if (facts.smi.state == SmiState::no_driver) say(verdict, facts.smi.line);
  if (facts.loaded_known) say(verdict, "/proc/driver/nvidia/version is not there");
  if (facts.has_packages() && facts.log.branch_too_new.empty()) {
    if (verdict.evidence.empty()) say(verdict, "the module nvidia is not loaded");
    verdict.repair = {{"modprobe", "nvidia"}};
    return true;
  }
  if (!facts.has_packages()) say(verdict, "no NVIDIA driver package is installed");
  verdict.repair = install_driver_argvs(facts, wanted_flavour(facts));
  verdict.repair.push_back({"modprobe", "nvidia"});
  // Nothing else drives the devices: the new module can be loaded at once.
  verdict.needs_reboot = !facts.pci_known;
  return true;
}

bool api_mismatch(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.smi.state == SmiState::mismatch) {
    const auto& library = facts.smi.library_version;
    say(verdict, facts.smi.line + (library.empty() ? "" : " (library " + library + ")"));
  }
  if (!facts.log.api_mismatch.empty() && facts.smi.state != SmiState::ok)
    say(verdict, facts.log.api_mismatch);
  if (facts.smi.state == SmiState::no_library) {
    say(verdict, facts.smi.line);
    verdict.repair = install_driver_argvs(facts, wanted_flavour(facts));
    return true;
  }
  const bool foreign =
      facts.loaded && facts.smi.state != SmiState::ok && !facts.libraries.empty() &&
      std::find(facts.libraries.begin(), facts.libraries.end(), facts.loaded->version) ==
          facts.libraries.end();
  if (foreign)
    say(verdict, "the loaded module is " + facts.loaded->version + ", the libraries are " +
                     join(facts.libraries, " and "));
  if (verdict.evidence.empty()) return false;
  verdict.repair = reload_module_argvs();
  return true;
}

bool fabric_mismatch(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (!facts.log.fabric_mismatch.empty()) say(verdict, facts.log.fabric_mismatch);
  const auto version = facts.version();
  for (const auto& row : facts.packages) {
    if (!row.installed() || !starts_with(row.package, "nvidia-fabricmanager")) continue;
    const auto own = upstream_version(row.version);
    if (facts.has_nvswitch && !version.empty() && own != version)
      say(verdict, row.package + " is " + own + ", the driver is " + version);
    // The log keeps what an upgrade has mended since.
    if (own == version) verdict.evidence.clear();
  }
  if (verdict.evidence.empty()) return false;
  if (facts.branch() != 0) verdict.repair = fabric_manager_argvs(facts);
  return true;
}

bool gpu_unhealthy(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  switch (facts.smi.state) {
    case SmiState::hang:
      say(verdict, "smi_hang: nvidia-smi did not end in time");
      break;
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
  if (!facts.log.fatal_xid.empty()) say(verdict, facts.log.fatal_xid);
  if (!facts.log.init_failed.empty()) say(verdict, facts.log.init_failed);
  if (verdict.evidence.empty()) return false;
  verdict.needs_reboot = facts.smi.state == SmiState::gpu_lost ||
                         facts.smi.state == SmiState::hang || !facts.log.fatal_xid.empty();
  return true;
}

bool driver_too_old(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict) {
  const auto version = parse_driver_version(facts.version());
  if (!wish.min_driver || !version || *version >= *wish.min_driver) return false;
  say(verdict, "the driver is " + facts.version() + ", wanted is at least " +
                   std::to_string(wish.min_driver->major) + "." +
                   std::to_string(wish.min_driver->minor) + "." +
                   std::to_string(wish.min_driver->patch));
  verdict.repair = install_driver_argvs(facts, wanted_flavour(facts));
  verdict.needs_reboot = true;
  return true;
}

void warn_of_ok(const DriverFacts& facts, DriverVerdict& verdict) {
  const auto version = facts.version();
  say(verdict, version.empty() ? "the driver answers" : "driver " + version + " is loaded");
  if (facts.smi.state == SmiState::not_found)
    verdict.warnings.push_back("nvidia-smi is not installed");
  if (facts.modinfo.found && facts.loaded && !facts.modinfo.version.empty() &&
      facts.modinfo.version != facts.loaded->version)
    verdict.warnings.push_back("the module on disk is " + facts.modinfo.version +
                               ": it is loaded at the next boot");
  if (facts.libraries.size() > 1)
    verdict.warnings.push_back("libraries of several versions: " + join(facts.libraries, ", "));
  const bool held = std::any_of(facts.packages.begin(), facts.packages.end(),
                                [](const DpkgRow& row) { return row.held(); });
  if (!facts.packages.empty() && !held)
    verdict.warnings.push_back(
        "no driver package is on hold: an unattended upgrade may replace it");
  for (const auto& row : facts.dkms)
    if (!row.warning.empty()) verdict.warnings.push_back("dkms: " + row.warning);
}

struct Rule {
  DriverState state;
  Check applies;
};

constexpr std::array<Rule, 11> rule_table = {{
    {DriverState::no_gpu, no_gpu},
    {DriverState::owned_by_other, owned_by_other},
    {DriverState::needs_open, needs_open},
    {DriverState::needs_proprietary, needs_proprietary},
    {DriverState::not_built_for_kernel, not_built_for_kernel},
    {DriverState::secure_boot, secure_boot},
    {DriverState::not_loaded, not_loaded},
    {DriverState::api_mismatch, api_mismatch},
    {DriverState::fabric_mismatch, fabric_mismatch},
    {DriverState::gpu_unhealthy, gpu_unhealthy},
    {DriverState::driver_too_old_for, driver_too_old},
}};

}  // namespace

std::string_view driver_state_name(DriverState state) {
  constexpr std::array<std::string_view, 12> names = {"no_gpu",
                                                      "owned_by_other",
                                                      "needs_open",
                                                      "needs_proprietary",
                                                      "not_built_for_kernel",
                                                      "secure_boot",
                                                      "not_loaded",
                                                      "api_mismatch",
                                                      "fabric_mismatch",
                                                      "gpu_unhealthy",
                                                      "driver_too_old_for",
                                                      "ok"};
  return names[static_cast<std::size_t>(state)];
}

DriverVerdict driver_verdict(const DriverFacts& facts, const DriverWish& wish) {
  DriverVerdict base;
  base.recommended = facts.recommended;
  base.version = facts.version();
  const bool known = facts.loaded || facts.has_packages();
  if (known) base.flavour = facts.is_open() ? "open" : "proprietary";
  for (const auto& rule : rule_table) {
    DriverVerdict verdict = base;
    verdict.state = rule.state;
    if (rule.applies(facts, wish, verdict)) return verdict;
  }
  base.state = DriverState::ok;
  warn_of_ok(facts, base);
  return base;
}

}  // namespace dtenv
