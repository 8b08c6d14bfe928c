#include "formats/driver_facts.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "formats/driver_version.hpp"
#include "formats/kernel_version.hpp"

namespace dtenv {
namespace {

std::string first_line(const std::optional<std::string>& text) {
  if (!text) return {};
  const auto lines = split_lines(*text);
  return lines.empty() ? std::string{} : std::string(trim(lines.front()));
}

bool carries_module(const DpkgRow& row) {
  return (row.installed() || row.unfinished()) && is_module_package(row.package);
}

/// A prebuilt module's package has the kernel's version, not the driver's.
bool has_driver_version(const DpkgRow& row) {
  return carries_module(row) && !starts_with(row.package, "linux-modules-");
}

/// Names of loaded modules, of /proc/modules' first column.
std::vector<std::string> first_words(const std::optional<std::string>& text) {
  std::vector<std::string> out;
  if (!text) return out;
  for (const auto line : split_lines(*text))
    if (const auto words = split_words(line); !words.empty()) out.emplace_back(words.front());
  return out;
}

/// The EFI variable's byte, or mokutil's "SecureBoot enabled".
std::optional<bool> read_secure_boot(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  for (const auto raw : split_lines(*text)) {
    const auto line = trim(raw);
    if (line == "1" || contains(line, "SecureBoot enabled")) return true;
    if (line == "0" || contains(line, "SecureBoot disabled")) return false;
  }
  return std::nullopt;
}

/// NVML answers where nvidia-smi is not there to be asked.
void take_nvml_answer(DriverFacts& facts) {
  auto& smi = facts.smi;
  facts.smi_missing = smi.state == SmiState::not_found;
  if (smi.driver_version.empty()) smi.driver_version = facts.nvml.driver_version;
  const bool silent = smi.state == SmiState::not_run || smi.state == SmiState::not_found;
  if (!silent || !facts.nvml.init) return;
  int code = *facts.nvml.init;
  std::string place = "nvmlInit_v2";
  for (std::size_t i = 0; code == 0 && i < facts.nvml.gpus.size(); ++i) {
    code = facts.nvml.gpus[i].code;
    place = "GPU " + std::to_string(i);
  }
  smi.state = smi_state_of_code(code);
  smi.line = "NVML: " + place + ": " + nvml_code_name(code);
  if (code == 0) smi.gpus = static_cast<int>(facts.nvml.gpus.size());
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

DriverSystem DriverFacts::family() const {
  if (os.is_rhel_family()) return DriverSystem::rhel;
  if (os.family() == "debian") return DriverSystem::debian;
  if (os.family() == "ubuntu") return DriverSystem::ubuntu;
  // By the kernel's name: Debian 6.1.0-18-amd64, RHEL 5.14.0-427.el9.x86_64.
  if (ends_with(kernel, "-amd64") || ends_with(kernel, "-arm64")) return DriverSystem::debian;
  return contains(kernel, ".el") ? DriverSystem::rhel : DriverSystem::ubuntu;
}

bool DriverFacts::has_module_for(const std::string& wanted) const {
  const bool built = std::any_of(dkms.begin(), dkms.end(), [&](const DkmsRow& row) {
    return row.kernel == wanted && row.state == "installed";
  });
  if (built) return true;
  const auto files = split_lines(sources.module_files ? *sources.module_files : std::string_view{});
  return std::any_of(files.begin(), files.end(), [&](std::string_view file) {
    return starts_with(file, wanted + "/") && contains(file, "/nvidia");
  });
}

bool DriverFacts::installed(std::string_view package) const {
  return std::any_of(packages.begin(), packages.end(), [&](const DpkgRow& row) {
    // dnf takes a version and an architecture behind the name.
    const bool same = row.package == package || row.package + "-" + row.version == package ||
                      row.package + "-" + row.version + "." + row.architecture == package;
    return same && row.installed();
  });
}

bool DriverFacts::is_held() const {
  if (sources.versionlock && contains(*sources.versionlock, "nvidia")) return true;
  return std::any_of(packages.begin(), packages.end(), [](const DpkgRow& row) {
    return row.held() && contains(row.package, "nvidia");
  });
}

std::string DriverFacts::source_line(std::optional<std::string> DriverSources::*source,
                                     std::string_view word) const {
  const auto& text = sources.*source;
  if (!text) return {};
  for (const auto line : split_lines(*text))
    if (contains(line, word)) return std::string(trim(line));
  return {};
}

std::string DriverFacts::service(std::string_view name) const {
  if (!sources.services) return {};
  bool here = false;
  std::string state;
  for (const auto raw : split_lines(*sources.services)) {
    const auto line = trim(raw);
    if (starts_with(line, "Id=")) here = line.substr(3) == std::string(name) + ".service";
    if (here && line == "LoadState=not-found") return "missing";
    if (here && starts_with(line, "ActiveState=")) state = std::string(line.substr(12));
  }
  return state;
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
    if (!has_driver_version(row)) continue;
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
  facts.sources = sources;
  read_devices(sources, facts);
  if (sources.proc_version) {
    facts.loaded_known = true;
    facts.loaded = parse_proc_version(*sources.proc_version);
  }
  if (!facts.loaded && sources.module_version &&
      parse_driver_version(trim(*sources.module_version))) {
    // Loaded, and /proc/driver is not to be seen (a container's own /proc).
    facts.loaded.emplace();
    facts.loaded->version = std::string(trim(*sources.module_version));
    facts.loaded->open = sources.modinfo && parse_modinfo(*sources.modinfo).open();
  }
  if (sources.dpkg) facts.packages = parse_dpkg_rows(*sources.dpkg);
  if (sources.rpm)
    for (auto& row : parse_rpm_rows(*sources.rpm)) facts.packages.push_back(std::move(row));
  if (sources.dkms)
    for (auto& row : parse_dkms_status(*sources.dkms))
      if (is_nvidia_module(row)) facts.dkms.push_back(std::move(row));
  if (sources.modinfo) facts.modinfo = parse_modinfo(*sources.modinfo);
  if (sources.ubuntu_drivers) facts.ubuntu = parse_ubuntu_drivers(*sources.ubuntu_drivers);
  facts.recommended = recommended_driver(facts.ubuntu);
  if (sources.nvidia_smi) facts.smi = read_nvidia_smi(*sources.nvidia_smi);
  if (sources.libraries)
    facts.libraries = parse_driver_libraries(*sources.libraries, sources.library_path.value_or(""));
  if (sources.gpu_information) facts.information = parse_gpu_information(*sources.gpu_information);
  if (sources.modinfo_next) facts.modinfo_next = parse_modinfo(*sources.modinfo_next);
  if (sources.nvml) facts.nvml = parse_nvml_report(*sources.nvml);
  if (sources.os_release) facts.os = parse_os_release(*sources.os_release);
  take_nvml_answer(facts);
  facts.modules = first_words(sources.modules);
  facts.kernel = first_line(sources.kernel);
  if (sources.kernels) facts.next_kernel = newest_kernel(*sources.kernels);
  facts.secure_boot = read_secure_boot(sources.secure_boot);
  std::string log = sources.kernel_log.value_or("");
  // modprobe's complaint may have been given as modinfo's or nvidia-smi's output.
  if (sources.modinfo) log += "\n" + *sources.modinfo;
  if (sources.nvidia_smi) log += "\n" + sources.nvidia_smi->out + "\n" + sources.nvidia_smi->err;
  facts.log = parse_nvidia_kernel_log(log);
  return facts;
}

}  // namespace dtenv
