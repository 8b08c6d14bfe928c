#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/dkms_status.hpp"
#include "formats/dpkg_rows.hpp"
#include "formats/modinfo.hpp"
#include "formats/nvidia_kernel_log.hpp"
#include "formats/nvidia_smi.hpp"
#include "formats/pci_devices.hpp"
#include "formats/proc_version.hpp"
#include "formats/ubuntu_drivers.hpp"

namespace dtenv {

/// What a machine says of its NVIDIA driver, each as it was read. nullopt: not asked; empty: asked,
/// and there is nothing (no such file, no output).
struct DriverSources {
  std::optional<std::string> proc_version;
  std::optional<std::string> dpkg;
  std::optional<std::string> dkms;
  std::optional<std::string> modinfo;
  std::optional<std::string> ubuntu_drivers;
  std::optional<SmiRun> nvidia_smi;
  std::optional<std::string> pci;
  std::optional<std::string> libraries;  ///< `ldconfig -p`, or names of files
  std::optional<std::string> kernel;     ///< `uname -r`
  std::optional<std::string> kernel_log;
};

/// The same, understood.
struct DriverFacts {
  std::vector<PciDevice> gpus;
  bool pci_known = false;
  bool has_nvswitch = false;
  std::optional<ProcVersion> loaded;
  bool loaded_known = false;
  std::vector<DpkgRow> packages;
  std::vector<DkmsRow> dkms;
  Modinfo modinfo;
  std::vector<UbuntuDevice> ubuntu;
  std::string recommended;
  SmiReport smi;
  std::vector<std::string> libraries;  ///< versions of libnvidia-ml and libcuda, each once
  std::string kernel;
  NvidiaKernelLog log;

  bool has_gpu() const;         ///< something shows one
  bool is_loaded() const;       ///< the module runs
  bool has_packages() const;    ///< a package or dkms row carries the module
  bool is_debian() const;       ///< by the kernel's name: Debian's packages are named otherwise
  bool is_open() const;         ///< the loaded module's flavour, or that on disk or in packages
  std::string version() const;  ///< loaded, else on disk, else of the packages; empty: none
  int branch() const;           ///< its first part; 0: none
};

DriverFacts read_driver_facts(const DriverSources& sources);

}  // namespace dtenv
