#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/dkms_status.hpp"
#include "formats/dpkg_rows.hpp"
#include "formats/driver_libraries.hpp"
#include "formats/driver_sources.hpp"
#include "formats/gpu_information.hpp"
#include "formats/modinfo.hpp"
#include "formats/nvidia_kernel_log.hpp"
#include "formats/nvidia_smi.hpp"
#include "formats/nvml_report.hpp"
#include "formats/os_release.hpp"
#include "formats/pci_devices.hpp"
#include "formats/proc_version.hpp"
#include "formats/ubuntu_drivers.hpp"

namespace dtenv {

/// Whose packages and commands fit.
enum class DriverSystem { ubuntu, debian, rhel };

/// A machine's sources, understood.
struct DriverFacts {
  std::vector<PciDevice> gpus;
  bool pci_known = false;
  bool has_nvswitch = false;
  std::optional<ProcVersion> loaded;
  bool loaded_known = false;
  std::vector<std::string> modules;  ///< loaded ones, of /proc/modules; empty: not told
  std::vector<GpuInformation> information;
  std::vector<DpkgRow> packages;  ///< of dpkg or rpm
  std::vector<DkmsRow> dkms;
  Modinfo modinfo;
  Modinfo modinfo_next;
  std::vector<UbuntuDevice> ubuntu;
  std::string recommended;
  SmiReport smi;  ///< nvidia-smi's answer; where there is none, NVML's
  bool smi_missing = false;
  NvmlReport nvml;
  DriverLibraries libraries;
  OsRelease os;
  std::string kernel;
  std::string next_kernel;  ///< the newest that is installed; empty: not told
  std::optional<bool> secure_boot;
  NvidiaKernelLog log;

  bool has_gpu() const;         ///< something shows one
  bool is_loaded() const;       ///< the module runs
  bool has_packages() const;    ///< a package or dkms row carries the module
  bool is_open() const;         ///< the loaded module's flavour, or that on disk or in packages
  bool is_held() const;         ///< a driver package is on hold (apt) or version-locked (dnf)
  std::string version() const;  ///< loaded, else on disk, else of the packages; empty: none
  int branch() const;           ///< its first part; 0: none
  DriverSystem family() const;
  /// A module file, or a dkms build, is there for this kernel.
  bool has_module_for(const std::string& kernel) const;
  bool installed(std::string_view package) const;
  /// A source's line that has the word, trimmed; empty: none.
  std::string source_line(std::optional<std::string> DriverSources::*source,
                          std::string_view word) const;
  /// The service's state: "active", "inactive", "failed", "missing"; empty: not told.
  std::string service(std::string_view name) const;

  DriverSources sources;  ///< as read, for what needs no structure of its own
};

DriverFacts read_driver_facts(const DriverSources& sources);

}  // namespace dtenv
