#include "formats/driver_repair.hpp"

#include <algorithm>

#include "formats/driver_version.hpp"

namespace dtenv {
namespace {

constexpr std::string_view write_file_script = "printf '%s\\n' \"$@\" >";
constexpr std::string_view nouveau_file = "/etc/modprobe.d/dtenv-nouveau.conf";
constexpr std::string_view unattended_file = "/etc/apt/apt.conf.d/52dtenv-nvidia";

bool uses_prebuilt_modules(const DriverFacts& facts) {
  return std::any_of(facts.packages.begin(), facts.packages.end(), [](const DpkgRow& row) {
    return row.installed() && starts_with(row.package, "linux-modules-nvidia-");
  });
}

/// "-550-server-open" of what is installed; the default branch where nothing is.
std::string installed_suffix(const DriverFacts& facts) {
  const int branch = facts.branch() != 0 ? facts.branch() : std::min(580, last_branch(facts));
  const bool server =
      facts.branch() == 0 ||
      std::any_of(facts.packages.begin(), facts.packages.end(), [](const DpkgRow& row) {
        return (row.installed() || row.unfinished()) && is_module_package(row.package) &&
               contains(row.package, "-server");
      });
  return "-" + std::to_string(branch) + (server ? "-server" : "") +
         (wanted_flavour(facts) == Flavour::open ? "-open" : "");
}

Argv headers_argv(const DriverFacts& facts) {
  if (facts.family() == DriverSystem::rhel)
    return {"dnf", "install", "-y",
            facts.kernel.empty() ? "kernel-devel" : "kernel-devel-" + facts.kernel,
            "kernel-headers"};
  if (!facts.kernel.empty()) return apt_install_argv({"linux-headers-" + facts.kernel});
  return apt_install_argv(
      {facts.family() == DriverSystem::debian ? "linux-headers-amd64" : "linux-headers-generic"});
}

Argv initramfs_argv(const DriverFacts& facts) {
  if (facts.family() == DriverSystem::rhel) return {"dracut", "--force"};
  return {"update-initramfs", "-u"};
}

/// A version behind `=` may end in `*`.
bool has_version(const DriverFacts& facts, std::string_view package, std::string_view version) {
  const bool open_end = !version.empty() && version.back() == '*';
  if (open_end) version.remove_suffix(1);
  return std::any_of(facts.packages.begin(), facts.packages.end(), [&](const DpkgRow& row) {
    return row.package == package && row.installed() &&
           (open_end ? starts_with(row.version, version) : row.version == version);
  });
}

bool is_there(const DriverFacts& facts, const std::string& package) {
  // apt-get takes away what ends in a minus.
  if (package.back() == '-') return !facts.installed(package.substr(0, package.size() - 1));
  if (const auto equals = package.find('='); equals != std::string::npos)
    return has_version(facts, package.substr(0, equals), package.substr(equals + 1));
  return facts.installed(package);
}

bool is_on_hold(const DriverFacts& facts, const std::string& package) {
  return std::any_of(facts.packages.begin(), facts.packages.end(),
                     [&](const DpkgRow& row) { return row.package == package && row.held(); });
}

bool takes_effect(const DriverFacts& facts, const Argv& argv) {
  if (std::find(argv.begin(), argv.end(), "--reinstall") != argv.end()) return true;
  if (const auto packages = packages_of(argv); !packages.empty())
    return !std::all_of(packages.begin(), packages.end(),
                        [&](const std::string& package) { return is_there(facts, package); });
  if (argv.front() == "apt-mark")
    return !std::all_of(argv.begin() + 2, argv.end(),
                        [&](const std::string& package) { return is_on_hold(facts, package); });
  if (is_hold(argv)) return !facts.is_held();
  if (argv.front() == "dnf" && argv[1] == "module") return !facts.installed("nvidia-driver");
  if (argv.front() == "dnf" && argv[1] == "config-manager")
    return !contains(facts.sources.repositories.value_or(""), "cuda");
  if (argv.front() == "modprobe") return !facts.loaded;
  if (argv == initramfs_argv(facts))
    return !contains(facts.sources.initramfs.value_or(""), "fresh");
  if (const auto file = file_of(argv)) {
    const auto name = file->path.substr(file->path.rfind('/') + 1);
    return !contains(facts.sources.blacklist.value_or(""), name) &&
           !contains(facts.sources.unattended.value_or(""), name);
  }
  return true;
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

std::vector<std::string> packages_of(const Argv& argv) {
  const bool manager = argv.size() > 2 && (argv[0] == "apt-get" || argv[0] == "dnf");
  if (!manager || argv[1] != "install") return {};
  std::vector<std::string> packages;
  // Options stand before the packages; each -o has a word of its own.
  for (std::size_t i = 2; i < argv.size(); ++i) {
    if (argv[i] == "-o")
      ++i;
    else if (argv[i].front() != '-')
      packages.push_back(argv[i]);
  }
  return packages;
}

bool is_hold(const Argv& argv) {
  return argv.size() > 1 && (argv[0] == "apt-mark" || argv[1] == "versionlock");
}

bool needs_a_person(const Argv& argv) {
  return argv.front() == "mokutil" || argv.front() == "curl" ||
         (argv.front() == "dpkg" && argv[1] == "-i");
}

std::vector<Argv> pending_argvs(const DriverFacts& facts, const std::vector<Argv>& argvs) {
  std::vector<Argv> out;
  const bool unloads = std::any_of(argvs.begin(), argvs.end(),
                                   [](const Argv& argv) { return argv.front() == "rmmod"; });
  bool blacklists = false;
  for (const auto& argv : argvs) {
    const bool follows =
        (unloads && argv.front() == "modprobe") || (blacklists && argv == initramfs_argv(facts));
    if (!takes_effect(facts, argv) && !follows) continue;
    const auto file = file_of(argv);
    if (file && file->path == nouveau_file) blacklists = true;
    out.push_back(argv);
  }
  return out;
}

Argv write_file_argv(const DriverFile& file) {
  Argv argv = {"sh", "-c", std::string(write_file_script) + file.path, "sh"};
  for (const auto line : split_lines(file.text)) argv.emplace_back(line);
  return argv;
}

std::optional<DriverFile> file_of(const Argv& argv) {
  if (argv.size() < 5 || argv[0] != "sh" || !starts_with(argv[2], write_file_script))
    return std::nullopt;
  DriverFile file{argv[2].substr(write_file_script.size()), {}};
  for (std::size_t i = 4; i < argv.size(); ++i) file.text += argv[i] + "\n";
  return file;
}

std::vector<Argv> rebuild_module_argvs(const DriverFacts& facts) {
  const bool half_done = std::any_of(facts.packages.begin(), facts.packages.end(),
                                     [](const DpkgRow& row) { return row.unfinished(); });
  std::vector<Argv> out = {headers_argv(facts)};
  if (half_done) {
    out.push_back({"dpkg", "--configure", "-a"});
    return out;
  }
  if (uses_prebuilt_modules(facts) && facts.dkms.empty() && !facts.kernel.empty())
    return {
        apt_install_argv({"linux-modules-nvidia" + installed_suffix(facts) + "-" + facts.kernel}),
        {"modprobe", "nvidia"}};
  if (facts.installed("akmod-nvidia") && !facts.kernel.empty()) {
    out.push_back({"akmods", "--force", "--kernels", facts.kernel});
    out.push_back({"modprobe", "nvidia"});
    return out;
  }
  const std::string module = facts.dkms.empty() ? "nvidia" : facts.dkms.front().module;
  const std::string version = facts.dkms.empty() ? facts.version() : facts.dkms.front().version;
  if (version.empty()) return install_driver_argvs(facts, wanted_flavour(facts), 0, true);
  Argv dkms = {"dkms", "install", "-m", module, "-v", version};
  if (!facts.kernel.empty()) dkms.insert(dkms.end(), {"-k", facts.kernel});
  out.push_back(std::move(dkms));
  out.push_back({"modprobe", "nvidia"});
  return out;
}

std::vector<Argv> signed_module_argvs(const DriverFacts& facts) {
  if (facts.family() != DriverSystem::ubuntu)
    return {{"mokutil", "--import", "/var/lib/dkms/mok.pub"}};
  const std::string name = installed_suffix(facts);
  std::vector<std::string> packages = {"linux-modules-nvidia" + name + "-" +
                                       (facts.kernel.empty() ? "generic" : facts.kernel)};
  // A module of dkms would be taken before Ubuntu's own.
  for (const auto& row : facts.packages)
    if (row.installed() && starts_with(row.package, "nvidia-dkms-")) {
      packages.push_back("nvidia-headless-no-dkms" + name);
      packages.push_back(row.package + "-");
    }
  Argv install = apt_install_argv(packages);
  if (facts.is_held()) install.insert(install.begin() + 3, "--allow-change-held-packages");
  return {std::move(install), {"modprobe", "nvidia"}};
}

std::vector<Argv> library_argvs(const DriverFacts& facts) {
  if (facts.family() == DriverSystem::rhel)
    return {{"dnf", "reinstall", "-y", "nvidia-driver-cuda-libs"}};
  Argv argv = apt_install_argv({"libcuda1", "libnvidia-ml1"});
  if (facts.family() == DriverSystem::ubuntu) {
    std::string name = installed_suffix(facts);
    if (ends_with(name, "-open")) name.resize(name.size() - 5);
    argv = apt_install_argv({"libnvidia-compute" + name});
  }
  argv.insert(argv.begin() + 3, "--reinstall");
  return {std::move(argv)};
}

std::vector<Argv> reload_module_argvs(const DriverFacts& facts) {
  // Those that stand on nvidia come first; a module that is not loaded would fail the line.
  Argv rmmod = {"rmmod"};
  for (const char* name : {"gdrdrv", "nvidia_fs", "nv_peer_mem", "nvidia_uvm", "nvidia_drm",
                           "nvidia_modeset", "nvidia_peermem", "nvidia"}) {
    const bool loaded =
        std::find(facts.modules.begin(), facts.modules.end(), name) != facts.modules.end();
    const bool own = starts_with(name, "nvidia") && std::string_view(name) != "nvidia_fs";
    if (loaded || (facts.modules.empty() && own)) rmmod.emplace_back(name);
  }
  std::vector<Argv> out;
  std::vector<Argv> after;
  for (const char* service : {"nvidia-dcgm", "nvidia-fabricmanager", "nvidia-persistenced"}) {
    if (facts.service(service) != "active") continue;
    out.push_back({"systemctl", "stop", service});
    after.insert(after.begin(), {"systemctl", "start", service});
  }
  out.push_back(std::move(rmmod));
  out.push_back({"modprobe", "nvidia"});
  out.insert(out.end(), after.begin(), after.end());
  return out;
}

std::vector<Argv> fabric_manager_argvs(const DriverFacts& facts) {
  const std::string branch = std::to_string(facts.branch());
  std::vector<Argv> out;
  if (facts.family() == DriverSystem::rhel)
    out.push_back({"dnf", "install", "-y", "nvidia-fabric-manager-" + facts.version() + "*"});
  else
    out.push_back(
        apt_install_argv({"nvidia-fabricmanager-" + branch + "=" + facts.version() + "*"}));
  out = pending_argvs(facts, out);
  if (facts.service("nvidia-fabricmanager") != "" &&
      facts.service("nvidia-fabricmanager") != "active")
    out.push_back({"systemctl", "enable", "nvidia-fabricmanager"});
  out.push_back({"systemctl", "restart", "nvidia-fabricmanager"});
  return out;
}

std::vector<Argv> blacklist_nouveau_argvs(const DriverFacts& facts) {
  std::vector<Argv> out;
  if (facts.source_line(&DriverSources::blacklist, "blacklist nouveau").empty())
    out.push_back(write_file_argv(
        {std::string(nouveau_file), "blacklist nouveau\noptions nouveau modeset=0\n"}));
  out.push_back(initramfs_argv(facts));
  return out;
}

std::vector<Argv> unattended_argvs(const DriverFacts& facts) {
  const auto& settings = facts.sources.unattended;
  if (!settings || trim(*settings).empty() || contains(*settings, "52dtenv-nvidia")) return {};
  return {write_file_argv({std::string(unattended_file),
                           "Unattended-Upgrade::Package-Blacklist {\n  \"nvidia-.*\";\n  "
                           "\"libnvidia-.*\";\n  \"linux-modules-nvidia-.*\";\n};\n"})};
}

std::vector<Argv> hold_argvs(const DriverFacts& facts) {
  std::vector<Argv> out;
  Argv hold = {"apt-mark", "hold"};
  for (const auto& row : facts.packages)
    if (row.installed() && contains(row.package, "nvidia") &&
        (is_module_package(row.package) || driver_branch(row.package)))
      hold.push_back(row.package);
  if (!facts.is_held() && facts.sources.rpm && facts.family() == DriverSystem::rhel)
    out.push_back({"dnf", "versionlock", "add", "nvidia-*", "kmod-nvidia*"});
  else if (!facts.is_held() && hold.size() > 2)
    out.push_back(std::move(hold));
  if (facts.is_held() || !out.empty())
    for (auto& argv : unattended_argvs(facts)) out.push_back(std::move(argv));
  return out;
}

}  // namespace dtenv
