// Which driver, and the commands that install it, on Ubuntu, Debian and RHEL 9-like systems.
#include <algorithm>

#include "formats/driver_repair.hpp"
#include "formats/driver_version.hpp"

namespace dtenv {
namespace {

/// R580 is the last branch for Maxwell, Pascal and Volta, and R470 for Kepler (driver.md §3.6).
constexpr int default_branch = 580;
constexpr int kepler_branch = 470;
constexpr int fermi_branch = 390;
constexpr int no_last_branch = 999;

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

bool offers(const DriverFacts& facts, std::string_view package) {
  if (!facts.sources.candidates) return false;
  for (const auto line : split_lines(*facts.sources.candidates))
    if (const auto words = split_words(line); !words.empty() && words.front() == package)
      return true;
  return false;
}

/// The newest -server branch that a list of packages has, within the bounds; 0: none.
int newest_server_branch(const DriverFacts& facts, int floor, int ceiling) {
  int best = 0;
  const auto consider = [&](std::string_view package) {
    const auto branch = driver_branch(package);
    if (branch && *branch >= floor && *branch <= ceiling && contains(package, "-server"))
      best = std::max(best, *branch);
  };
  for (const auto& device : facts.ubuntu)
    for (const auto& driver : device.drivers) consider(driver.package);
  if (best != 0 || !facts.sources.candidates) return best;
  // The archive itself may have newer ones than anybody has tried: only where it lacks the default.
  if (default_branch >= floor && default_branch <= ceiling &&
      offers(facts, "nvidia-headless-" + std::to_string(default_branch) + "-server"))
    return default_branch;
  for (const auto line : split_lines(*facts.sources.candidates))
    if (starts_with(line, "nvidia-headless-")) consider(line.substr(0, line.find(' ')));
  return best;
}

/// A -server branch that a list offers beats the recommended desktop one on a headless node.
Release choose_release(const DriverFacts& facts, int floor) {
  const int ceiling = last_branch(facts);
  const int server = newest_server_branch(facts, floor, ceiling);
  const auto named = driver_branch(facts.recommended);
  if (server != 0 && (!named || server + 100 > *named)) return {server, true};
  if (named && *named <= ceiling && *named >= floor)
    return {*named, contains(facts.recommended, "-server")};
  return {std::min(std::max(default_branch, floor), ceiling), ceiling >= kepler_branch};
}

std::string suffix(const Release& release, Flavour flavour) {
  return "-" + std::to_string(release.branch) + (release.server ? "-server" : "") +
         (flavour == Flavour::open ? "-open" : "");
}

std::string headers_package(const DriverFacts& facts) {
  if (!facts.kernel.empty()) return "linux-headers-" + facts.kernel;
  return facts.family() == DriverSystem::debian ? "linux-headers-amd64" : "linux-headers-generic";
}

std::vector<Argv> ubuntu_argvs(const DriverFacts& facts, Flavour flavour, int floor) {
  const auto release = choose_release(facts, floor);
  const std::string name = suffix(release, flavour);
  const std::string utils = "nvidia-utils" + suffix(release, Flavour::proprietary);
  const std::string modules = "linux-modules-nvidia" + name + "-" + facts.kernel;
  std::vector<Argv> out;
  // Signed and built by Ubuntu: no compiler, no key to enrol.
  if (offers(facts, modules)) {
    out.push_back(apt_install_argv({modules, "nvidia-headless-no-dkms" + name, utils}));
  } else {
    out.push_back(apt_install_argv({headers_package(facts)}));
    out.push_back(apt_install_argv({"nvidia-headless" + name, utils}));
  }
  if (facts.has_nvswitch) {
    out.push_back(apt_install_argv({"nvidia-fabricmanager-" + std::to_string(release.branch)}));
  }
  return out;
}

std::vector<Argv> debian_argvs(const DriverFacts& facts, Flavour flavour) {
  const bool open = flavour == Flavour::open;
  std::vector<Argv> out = {apt_install_argv({headers_package(facts)})};
  const bool nvidias_own = offers(facts, "nvidia-driver-cuda");
  if (!nvidias_own && offers(facts, open ? "nvidia-open-kernel-dkms" : "nvidia-kernel-dkms")) {
    // Debian's non-free packages, which split what NVIDIA's nvidia-driver-cuda holds.
    out.push_back(apt_install_argv({open ? "nvidia-open-kernel-dkms" : "nvidia-kernel-dkms",
                                    "nvidia-smi", "libcuda1", "nvidia-persistenced"}));
    return out;
  }
  if (!nvidias_own && facts.sources.candidates) {
    const std::string release = facts.os.version_id.empty() ? "12" : facts.os.version_id;
    const std::string package = "cuda-keyring_1.1-1_all.deb";
    out.insert(out.begin(), {{"curl", "-fsSLO",
                              "https://developer.download.nvidia.com/compute/cuda/repos/debian" +
                                  release + "/x86_64/" + package},
                             {"dpkg", "-i", package}});
  }
  // The package names of NVIDIA's own repository for Debian, which has no headless metapackage.
  out.push_back(apt_install_argv(
      {open ? "nvidia-kernel-open-dkms" : "nvidia-kernel-dkms", "nvidia-driver-cuda"}));
  return out;
}

std::vector<Argv> rhel_argvs(const DriverFacts& facts, Flavour flavour, int floor) {
  const std::string major = facts.os.version_id.substr(0, facts.os.version_id.find('.'));
  const int release = static_cast<int>(parse_integer(major, 1, 99).value_or(9));
  const std::string arch = ends_with(facts.kernel, "aarch64") ? "sbsa" : "x86_64";
  const bool fedora = facts.os.id == "fedora";
  const bool dnf5 = fedora && release >= 41;  // its versionlock needs no plug-in
  std::vector<Argv> out = {{"dnf", "install", "-y",
                            facts.kernel.empty() ? "kernel-devel" : "kernel-devel-" + facts.kernel,
                            "kernel-headers"}};
  if (!dnf5) out.back().emplace_back("python3-dnf-plugin-versionlock");
  // dkms is a package of EPEL.
  if (facts.os.id != "rhel" && !fedora) out.push_back({"dnf", "install", "-y", "epel-release"});
  const std::string system = (fedora ? "fedora" : "rhel") + std::to_string(release);
  const std::string repository = "https://developer.download.nvidia.com/compute/cuda/repos/" +
                                 system + "/" + arch + "/cuda-" + system + ".repo";
  if (facts.sources.repositories && !contains(*facts.sources.repositories, "cuda")) {
    out.push_back({"dnf", "config-manager"});
    if (dnf5)
      out.back().insert(out.back().end(), {"addrepo", "--from-repofile=" + repository});
    else
      out.back().insert(out.back().end(), {"--add-repo", repository});
  }
  const bool open = flavour == Flavour::open;
  const auto chosen = choose_release(facts, floor);
  // RHEL 10 has no modularity.
  if (release >= 10)
    out.push_back({"dnf", "install", "-y", "nvidia-driver-cuda",
                   open ? "kmod-nvidia-open-dkms" : "kmod-nvidia-latest-dkms"});
  else
    out.push_back({"dnf", "module", "install", "-y",
                   "nvidia-driver:" + std::to_string(chosen.branch) + (open ? "-open" : "-dkms")});
  return out;
}

/// What an installation names, for the hold that follows it.
std::vector<std::string> driver_packages(const std::vector<Argv>& argvs) {
  std::vector<std::string> out;
  for (const auto& argv : argvs)
    for (const auto& package : packages_of(argv))
      if (contains(package, "nvidia")) out.push_back(package);
  return out;
}

}  // namespace

int last_branch(const DriverFacts& facts) {
  const auto arch = oldest_arch(facts);
  if (arch == GpuArch::fermi) return fermi_branch;
  if (arch == GpuArch::kepler) return kepler_branch;
  return before_turing(arch) ? default_branch : no_last_branch;
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

std::vector<Argv> install_driver_argvs(const DriverFacts& facts, Flavour flavour, int floor,
                                       bool load) {
  const auto family = facts.family();
  std::vector<Argv> out;
  if (family == DriverSystem::rhel) out = rhel_argvs(facts, flavour, floor);
  if (family == DriverSystem::debian) out = debian_argvs(facts, flavour);
  if (family == DriverSystem::ubuntu) out = ubuntu_argvs(facts, flavour, floor);
  // What is on hold would otherwise stop the line that replaces it.
  for (auto& argv : out)
    if (argv.front() == "apt-get" && facts.is_held() && contains(argv.back(), "nvidia"))
      argv.insert(argv.begin() + 3, "--allow-change-held-packages");
  if (load) out.push_back({"modprobe", "nvidia"});
  if (load && facts.has_nvswitch)
    out.push_back({"systemctl", "enable", "--now", "nvidia-fabricmanager"});
  Argv hold = {"apt-mark", "hold"};
  if (family == DriverSystem::rhel)
    hold = {"dnf", "versionlock", "add", "nvidia-*", "kmod-nvidia*"};
  const auto named = driver_packages(out);
  if (family != DriverSystem::rhel) hold.insert(hold.end(), named.begin(), named.end());
  out.push_back(std::move(hold));
  for (auto& argv : unattended_argvs(facts)) out.push_back(std::move(argv));
  return out;
}

}  // namespace dtenv
