#include "formats/driver_facts.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "formats/driver_version.hpp"

namespace dtenv {
namespace {

/// "libnvidia-ml.so.550.54.14" → "550.54.14".
std::vector<std::string> library_versions(std::string_view text) {
  constexpr std::array<std::string_view, 2> names = {"libnvidia-ml.so.", "libcuda.so."};
  std::vector<std::string> found;
  for (const auto name : names) {
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const auto rest = text.substr(at + name.size());
      const auto word = rest.substr(0, rest.find_first_not_of("0123456789."));
      if (!parse_driver_version(word)) continue;
      if (std::find(found.begin(), found.end(), word) == found.end()) found.emplace_back(word);
    }
  }
  return found;
}

std::string first_line(const std::optional<std::string>& text) {
  if (!text) return {};
  const auto lines = split_lines(*text);
  return lines.empty() ? std::string{} : std::string(trim(lines.front()));
}

bool carries_module(const DpkgRow& row) {
  return (row.installed() || row.unfinished()) && is_module_package(row.package);
}

void read_devices(const DriverSources& sources, DriverFacts& facts) {
  if (!sources.pci) return;
  facts.pci_known = true;
  for (auto& device : parse_pci_devices(*sources.pci)) {
    if (device.is_nvswitch()) facts.has_nvswitch = true;
    if (device.is_nvidia_gpu()) facts.gpus.push_back(std::move(device));
  }
}

}  // namespace

bool DriverFacts::has_gpu() const {
  if (!gpus.empty() || loaded || smi.state == SmiState::ok) return true;
  const bool listed = std::any_of(ubuntu.begin(), ubuntu.end(),
                                  [](const UbuntuDevice& device) { return device.is_nvidia(); });
  if (listed) return true;
  if (pci_known) return false;
  // Without a list of devices, packages and the driver's own complaints are the evidence.
  if (has_packages() || !log.empty()) return true;
  return smi.state != SmiState::not_run && smi.state != SmiState::not_found;
}

bool DriverFacts::is_loaded() const {
  if (loaded) return true;
  if (loaded_known) return false;
  switch (smi.state) {
    case SmiState::ok:
    case SmiState::hang:
    case SmiState::mismatch:
    case SmiState::no_devices:
    case SmiState::gpu_lost:
    case SmiState::needs_reset:
      return true;
    default:
      return !log.xids.empty() || !log.api_mismatch.empty() || !log.fabric_mismatch.empty();
  }
}

bool DriverFacts::has_packages() const {
  return modinfo.found || std::any_of(packages.begin(), packages.end(), carries_module) ||
         std::any_of(dkms.begin(), dkms.end(), is_nvidia_module);
}

bool DriverFacts::is_debian() const {
  // Debian 6.1.0-18-amd64, Ubuntu 6.8.0-45-generic.
  return ends_with(kernel, "-amd64") || ends_with(kernel, "-arm64");
}

bool DriverFacts::is_open() const {
  if (loaded) return loaded->open;
  if (modinfo.found && !modinfo.license.empty()) return modinfo.open();
  for (const auto& row : dkms)
    if (row.module == "nvidia-open") return true;
  return std::any_of(packages.begin(), packages.end(), [](const DpkgRow& row) {
    return carries_module(row) && is_open_package(row.package);
  });
}

std::string DriverFacts::version() const {
  if (loaded) return loaded->version;
  if (!smi.driver_version.empty()) return smi.driver_version;
  if (!modinfo.version.empty()) return modinfo.version;
  for (const auto& row : dkms)
    if (is_nvidia_module(row)) return row.version;
  for (const auto& row : packages) {
    // A prebuilt module's package has the kernel's version, not the driver's.
    if (!carries_module(row) || starts_with(row.package, "linux-modules-")) continue;
    const auto version = upstream_version(row.version);
    if (parse_driver_version(version)) return version;
  }
  return {};
}

int DriverFacts::branch() const {
  if (const auto parsed = parse_driver_version(version())) return parsed->major;
  for (const auto& row : packages)
    if (carries_module(row))
      if (const auto number = driver_branch(row.package)) return *number;
  return 0;
}

DriverFacts read_driver_facts(const DriverSources& sources) {
  DriverFacts facts;
  read_devices(sources, facts);
  if (sources.proc_version) {
    facts.loaded_known = true;
    facts.loaded = parse_proc_version(*sources.proc_version);
  }
  if (sources.dpkg) facts.packages = parse_dpkg_rows(*sources.dpkg);
  if (sources.dkms)
    for (auto& row : parse_dkms_status(*sources.dkms))
      if (is_nvidia_module(row)) facts.dkms.push_back(std::move(row));
  if (sources.modinfo) facts.modinfo = parse_modinfo(*sources.modinfo);
  if (sources.ubuntu_drivers) facts.ubuntu = parse_ubuntu_drivers(*sources.ubuntu_drivers);
  facts.recommended = recommended_driver(facts.ubuntu);
  if (sources.nvidia_smi) facts.smi = read_nvidia_smi(*sources.nvidia_smi);
  if (sources.libraries) facts.libraries = library_versions(*sources.libraries);
  facts.kernel = first_line(sources.kernel);
  std::string log = sources.kernel_log.value_or("");
  // modprobe's complaint may have been given as modinfo's or nvidia-smi's output.
  if (sources.modinfo) log += "\n" + *sources.modinfo;
  if (sources.nvidia_smi) log += "\n" + sources.nvidia_smi->out + "\n" + sources.nvidia_smi->err;
  facts.log = parse_nvidia_kernel_log(log);
  return facts;
}

}  // namespace dtenv
