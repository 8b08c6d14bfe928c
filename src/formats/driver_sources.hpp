#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "formats/nvidia_smi.hpp"

namespace dtenv {

/// What a machine says of its NVIDIA driver, each as it was read. nullopt: not asked; empty: asked,
/// and there is nothing (no such file, no output).
struct DriverSources {
  std::optional<std::string> pci;           ///< rows of /sys/bus/pci/devices, or lspci
  std::optional<std::string> proc_version;  ///< /proc/driver/nvidia/version
  std::optional<std::string> gpu_information;
  std::optional<std::string> modules;         ///< /proc/modules
  std::optional<std::string> module_version;  ///< /sys/module/nvidia/version
  std::optional<std::string> kernel;          ///< `uname -r`
  std::optional<std::string> kernels;         ///< installed ones, one a line
  std::optional<std::string> module_files;    ///< "KERNEL/…/nvidia.ko", below /lib/modules
  std::optional<std::string> modinfo;
  std::optional<std::string> modinfo_next;    ///< of the newest kernel that is installed
  std::optional<std::string> libraries;       ///< `ldconfig -p`, or names of files
  std::optional<std::string> library_path;    ///< lines that set LD_LIBRARY_PATH for everybody
  std::optional<std::string> nvml;            ///< see parse_nvml_report
  std::optional<std::string> dpkg;            ///< tabbed rows of dpkg-query
  std::optional<std::string> rpm;             ///< tabbed rows of rpm -qa
  std::optional<std::string> dkms;            ///< `dkms status`
  std::optional<std::string> make_log;        ///< the first error of a dkms build
  std::optional<std::string> ubuntu_drivers;  ///< `ubuntu-drivers devices` and `list --gpgpu`
  std::optional<std::string> candidates;      ///< packages the machine could install
  std::optional<std::string> repositories;    ///< files that name NVIDIA's repository
  std::optional<std::string> versionlock;     ///< dnf's locked packages
  std::optional<std::string> kernel_log;
  std::optional<std::string> secure_boot;  ///< "1", "0" of the EFI variable, or mokutil's words
  std::optional<std::string> blacklist;    ///< lines of modprobe.d and the kernel's about nouveau
  std::optional<std::string> initramfs;    ///< "stale" where the blacklist is newer than it
  std::optional<std::string> devices;      ///< /dev/nvidia*, /dev/char/195:*, one a line
  std::optional<std::string> infiniband;   ///< names of RDMA devices
  std::optional<std::string> services;     ///< `systemctl show` of NVIDIA's services
  std::optional<std::string> unattended;   ///< files of unattended-upgrades' settings
  std::optional<std::string> os_release;
  std::optional<std::string> hung;  ///< programs that did not end in time
  std::optional<SmiRun> nvidia_smi;
};

struct DriverSourceName {
  std::string_view name;
  std::optional<std::string> DriverSources::*text;
};

/// The texts by their names: dtenv_eval's arguments and the sections of driver_check's programs.
inline constexpr std::array<DriverSourceName, 31> driver_source_names = {{
    {"pci", &DriverSources::pci},
    {"proc_version", &DriverSources::proc_version},
    {"gpu_information", &DriverSources::gpu_information},
    {"modules", &DriverSources::modules},
    {"module_version", &DriverSources::module_version},
    {"kernel", &DriverSources::kernel},
    {"kernels", &DriverSources::kernels},
    {"module_files", &DriverSources::module_files},
    {"modinfo", &DriverSources::modinfo},
    {"modinfo_next", &DriverSources::modinfo_next},
    {"libraries", &DriverSources::libraries},
    {"library_path", &DriverSources::library_path},
    {"nvml", &DriverSources::nvml},
    {"dpkg", &DriverSources::dpkg},
    {"rpm", &DriverSources::rpm},
    {"dkms", &DriverSources::dkms},
    {"make_log", &DriverSources::make_log},
    {"ubuntu_drivers", &DriverSources::ubuntu_drivers},
    {"candidates", &DriverSources::candidates},
    {"repositories", &DriverSources::repositories},
    {"versionlock", &DriverSources::versionlock},
    {"kernel_log", &DriverSources::kernel_log},
    {"secure_boot", &DriverSources::secure_boot},
    {"blacklist", &DriverSources::blacklist},
    {"initramfs", &DriverSources::initramfs},
    {"devices", &DriverSources::devices},
    {"infiniband", &DriverSources::infiniband},
    {"services", &DriverSources::services},
    {"unattended", &DriverSources::unattended},
    {"os_release", &DriverSources::os_release},
    {"hung", &DriverSources::hung},
}};

}  // namespace dtenv
