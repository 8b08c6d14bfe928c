#include <algorithm>

#include "formats/driver_repair.hpp"
#include "formats/driver_rules.hpp"

namespace dtenv {
namespace {

bool say(DriverVerdict& verdict, std::string evidence) {
  verdict.evidence.push_back(std::move(evidence));
  return true;
}

bool driver_is_there(const DriverFacts& facts) {
  return facts.loaded || facts.has_packages();
}

/// The installation that another flavour, or another owner, asks for; in force after a reboot.
void replace_driver(const DriverFacts& facts, Flavour flavour, DriverVerdict& verdict) {
  verdict.repair = install_driver_argvs(facts, flavour);
  verdict.needs_reboot = true;
}

void say_package_states(const DriverFacts& facts, DriverVerdict& verdict) {
  for (const auto& row : facts.packages)
    if (row.unfinished() && is_module_package(row.package))
      say(verdict, row.package + " is not configured (dpkg state " + row.status + ")");
}

/// What dkms says, where it is asked for no kernel of its own.
void say_dkms_states(const DriverFacts& facts, DriverVerdict& verdict) {
  if (facts.dkms.empty()) return;
  const auto& first = facts.dkms.front();
  const bool any = std::any_of(facts.dkms.begin(), facts.dkms.end(),
                               [](const DkmsRow& row) { return row.state == "installed"; });
  if (facts.kernel.empty() && !any)
    say(verdict, "dkms has " + first.module + " " + first.state + ", installed for no kernel");
  if (!facts.kernel.empty() && !facts.has_module_for(facts.kernel) && !facts.modinfo.found)
    say(verdict, "dkms has " + first.module + "/" + first.version +
                     " and no build of it installed for " + facts.kernel);
}

}  // namespace

bool rule_no_gpu(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.has_gpu()) return false;
  return say(verdict, facts.pci_known ? "no PCI device of vendor 10de and a display class"
                                      : "nothing shows an NVIDIA GPU");
}

bool rule_owned_by_other(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  const PciDevice* owned = nullptr;
  for (const auto& gpu : facts.gpus) {
    if (gpu.driver == "nvidia") return false;
    if (!gpu.driver.empty()) owned = &gpu;
  }
  const std::string owner = owned != nullptr ? owned->driver : facts.log.other_owner;
  if (owned == nullptr && (facts.log.probe_not_called.empty() || facts.is_loaded())) return false;
  say(verdict, owned != nullptr ? "PCI " + owned->slot + " is bound to " + owner
                                : facts.log.probe_not_called);
  // A device given to vfio-pci was given away on purpose: nothing to run.
  if (owner == "vfio-pci") return true;
  if (!facts.has_packages()) verdict.repair = install_driver_argvs(facts, wanted_flavour(facts));
  for (auto& argv : blacklist_nouveau_argvs(facts)) verdict.repair.push_back(std::move(argv));
  verdict.needs_reboot = true;
  return true;
}

bool rule_needs_open(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (!driver_is_there(facts) && facts.log.needs_open.empty()) return false;
  if (facts.is_open()) return false;
  for (const auto& gpu : facts.gpus)
    if (gpu_arch(gpu.device) == GpuArch::blackwell)
      say(verdict, "PCI " + gpu.slot + " is a Blackwell GPU: it runs with the open modules alone");
  if (!facts.log.needs_open.empty()) say(verdict, facts.log.needs_open);
  if (verdict.evidence.empty()) return false;
  replace_driver(facts, Flavour::open, verdict);
  return true;
}

bool rule_needs_proprietary(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
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
  replace_driver(facts, Flavour::proprietary, verdict);
  return true;
}

bool rule_not_built(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.is_loaded() || !facts.has_packages()) return false;
  say_package_states(facts, verdict);
  if (!facts.log.not_built.empty()) say(verdict, facts.log.not_built);
  if (facts.modinfo.not_found && !facts.has_module_for(facts.kernel))
    say(verdict, "modinfo finds no module nvidia for this kernel");
  if (!facts.kernel.empty() && !facts.modinfo.kernel.empty() &&
      facts.modinfo.kernel != facts.kernel)
    say(verdict,
        "the module on disk is for " + facts.modinfo.kernel + ", the kernel is " + facts.kernel);
  say_dkms_states(facts, verdict);
  if (verdict.evidence.empty()) return false;
  if (const auto error = facts.source_line(&DriverSources::make_log, "rror"); !error.empty())
    say(verdict, "the last build by dkms: " + error);
  verdict.repair = rebuild_module_argvs(facts);
  return true;
}

bool rule_secure_boot(const DriverFacts& facts, const DriverWish&, DriverVerdict& verdict) {
  if (facts.is_loaded()) return false;
  const bool unsigned_module = facts.modinfo.found && facts.modinfo.signer.empty();
  const bool refused = facts.secure_boot.value_or(false) && unsigned_module;
  if (facts.log.key_rejected.empty() && !refused) return false;
  if (!facts.log.key_rejected.empty()) say(verdict, facts.log.key_rejected);
  if (facts.secure_boot.value_or(false)) say(verdict, "Secure Boot is on");
  if (unsigned_module) say(verdict, "the module on disk has no signer");
  verdict.repair = signed_module_argvs(facts);
  // The new key is enrolled by the firmware's own menu.
  verdict.needs_reboot = facts.family() != DriverSystem::ubuntu;
  return true;
}

bool rule_not_loaded(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict) {
  if (facts.is_loaded()) return false;
  if (!facts.log.branch_too_new.empty()) say(verdict, facts.log.branch_too_new);
  if (facts.smi.state == SmiState::no_driver) say(verdict, facts.smi.line);
  if (!facts.log.no_device.empty()) say(verdict, facts.log.no_device);
  if (facts.loaded_known) say(verdict, "/proc/driver/nvidia/version is not there");
  if (facts.has_packages() && facts.log.branch_too_new.empty()) {
    if (verdict.evidence.empty()) say(verdict, "the module nvidia is not loaded");
    verdict.repair = {{"modprobe", "nvidia"}};
    return true;
  }
  if (!facts.has_packages()) say(verdict, "no NVIDIA driver package is installed");
  const int floor = wish.min_driver ? wish.min_driver->major : 0;
  verdict.repair = install_driver_argvs(facts, wanted_flavour(facts), floor, true);
  // Nothing else drives the devices: the new module can be loaded at once.
  verdict.needs_reboot = !facts.pci_known;
  return true;
}

}  // namespace dtenv
