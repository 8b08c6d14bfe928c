#include "formats/driver_repair.hpp"

#include <algorithm>

#include "formats/driver_version.hpp"

namespace dtenv {
namespace {

/// R580 is the last branch for Maxwell, Pascal and Volta, and R470 for Kepler (driver.md §3.6).
constexpr int default_branch = 580;
constexpr int kepler_branch = 470;
constexpr int fermi_branch = 390;

struct Release {
  int branch = default_branch;
  bool server = true;
};

bool before_turing(GpuArch arch) {
  return arch != GpuArch::unknown && arch < GpuArch::turing;
}

GpuArch oldest_arch(const DriverFacts& facts) {
  auto oldest = GpuArch::unknown;
  for (const auto& gpu : facts.gpus) {
    const auto arch = gpu_arch(gpu.device);
    if (arch != GpuArch::unknown && (oldest == GpuArch::unknown || arch < oldest)) oldest = arch;
  }
  return oldest;
}

int last_branch(GpuArch arch) {
  if (arch == GpuArch::fermi) return fermi_branch;
  if (arch == GpuArch::kepler) return kepler_branch;
  return before_turing(arch) ? default_branch : 999;
}

std::string kernel_or(const DriverFacts& facts, std::string_view otherwise) {
  return facts.kernel.empty() ? std::string(otherwise) : facts.kernel;
}

/// A -server branch that every list offers beats the recommended desktop one on a headless node.
Release choose_release(const DriverFacts& facts) {
  const int ceiling = last_branch(oldest_arch(facts));
  Release best{0, true};
  for (const auto& device : facts.ubuntu)
    for (const auto& driver : device.drivers) {
      const auto branch = driver_branch(driver.package);
      if (!branch || *branch > ceiling || !contains(driver.package, "-server")) continue;
      best.branch = std::max(best.branch, *branch);
    }
  const auto named = driver_branch(facts.recommended);
  if (best.branch != 0 && (!named || best.branch + 100 > *named)) return best;
  if (named && *named <= ceiling) return {*named, contains(facts.recommended, "-server")};
  return {std::min(default_branch, ceiling), ceiling >= kepler_branch};
}

std::string suffix(const Release& release, Flavour flavour) {
  return "-" + std::to_string(release.branch) + (release.server ? "-server" : "") +
         (flavour == Flavour::open ? "-open" : "");
}

std::string utils_package(const Release& release) {
  return "nvidia-utils-" + std::to_string(release.branch) + (release.server ? "-server" : "");
}

std::string headers_package(const DriverFacts& facts) {
  return "linux-headers-" + kernel_or(facts, facts.is_debian() ? "amd64" : "generic");
}

bool uses_prebuilt_modules(const DriverFacts& facts) {
  return std::any_of(facts.packages.begin(), facts.packages.end(), [](const DpkgRow& row) {
    return row.installed() && starts_with(row.package, "linux-modules-nvidia-");
  });
}

Release installed_release(const DriverFacts& facts) {
  Release out{facts.branch(), false};
  for (const auto& row : facts.packages)
    if ((row.installed() || row.unfinished()) && is_module_package(row.package) &&
        contains(row.package, "-server"))
      out.server = true;
  return out;
}

}  // namespace

Argv apt_install_argv(const std::vector<std::string>& packages) {
  Argv argv = {"apt-get", "install",
               "-y",      "--no-install-recommends",
               "-o",      "DPkg::Lock::Timeout=600",
               "-o",      "Dpkg::Options::=--force-confdef",
               "-o",      "Dpkg::Options::=--force-confold"};
  argv.insert(argv.end(), packages.begin(), packages.end());
  return argv;
}

Flavour wanted_flavour(const DriverFacts& facts) {
  bool newest_needs_open = !facts.log.needs_open.empty();
  for (const auto& gpu : facts.gpus)
    if (gpu_arch(gpu.device) == GpuArch::blackwell) newest_needs_open = true;
  if (newest_needs_open) return Flavour::open;
  if (before_turing(oldest_arch(facts)) || !facts.log.needs_proprietary.empty())
    return Flavour::proprietary;
  if (facts.has_packages() || facts.loaded)
    return facts.is_open() ? Flavour::open : Flavour::proprietary;
  return is_open_package(facts.recommended) ? Flavour::open : Flavour::proprietary;
}

std::vector<Argv> install_driver_argvs(const DriverFacts& facts, Flavour flavour) {
  std::vector<Argv> out = {apt_install_argv({headers_package(facts)})};
  if (facts.is_debian()) {
    // The package names of NVIDIA's own repository for Debian, which has no headless metapackage.
    out.push_back(apt_install_argv(
        {flavour == Flavour::open ? "nvidia-kernel-open-dkms" : "nvidia-kernel-dkms",
         "nvidia-driver-cuda"}));
    return out;
  }
  const auto release = choose_release(facts);
  out.push_back(
      apt_install_argv({"nvidia-headless" + suffix(release, flavour), utils_package(release)}));
  return out;
}

std::vector<Argv> rebuild_module_argvs(const DriverFacts& facts) {
  const bool half_done = std::any_of(facts.packages.begin(), facts.packages.end(),
                                     [](const DpkgRow& row) { return row.unfinished(); });
  std::vector<Argv> out = {apt_install_argv({headers_package(facts)})};
  if (half_done) {
    out.push_back({"dpkg", "--configure", "-a"});
    return out;
  }
  if (uses_prebuilt_modules(facts) && facts.dkms.empty() && !facts.kernel.empty()) {
    const auto flavour = facts.is_open() ? Flavour::open : Flavour::proprietary;
    return {apt_install_argv(
        {"linux-modules-nvidia" + suffix(installed_release(facts), flavour) + "-" + facts.kernel})};
  }
  const std::string module = facts.dkms.empty() ? "nvidia" : facts.dkms.front().module;
  const std::string version = facts.dkms.empty() ? facts.version() : facts.dkms.front().version;
  if (version.empty()) return install_driver_argvs(facts, wanted_flavour(facts));
  Argv dkms = {"dkms", "install", "-m", module, "-v", version};
  if (!facts.kernel.empty()) dkms.insert(dkms.end(), {"-k", facts.kernel});
  out.push_back(std::move(dkms));
  out.push_back({"modprobe", "nvidia"});
  return out;
}

std::vector<Argv> signed_module_argvs(const DriverFacts& facts) {
  if (facts.is_debian()) return {{"mokutil", "--import", "/var/lib/dkms/mok.pub"}};
  const auto release = facts.branch() != 0 ? installed_release(facts) : choose_release(facts);
  return {apt_install_argv({"linux-modules-nvidia" + suffix(release, wanted_flavour(facts)) + "-" +
                            kernel_or(facts, "generic")}),
          {"modprobe", "nvidia"}};
}

std::vector<Argv> reload_module_argvs() {
  return {{"rmmod", "nvidia_uvm", "nvidia_drm", "nvidia_modeset", "nvidia_peermem", "nvidia"},
          {"modprobe", "nvidia"}};
}

std::vector<Argv> fabric_manager_argvs(const DriverFacts& facts) {
  return {apt_install_argv({"nvidia-fabricmanager-" + std::to_string(facts.branch()) + "=" +
                            facts.version() + "*"}),
          {"systemctl", "restart", "nvidia-fabricmanager"}};
}

}  // namespace dtenv
