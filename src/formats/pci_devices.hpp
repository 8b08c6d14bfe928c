#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

struct PciDevice {
  std::string slot;  ///< "0000:01:00.0"
  std::uint32_t vendor = 0;
  std::uint32_t device = 0;
  std::uint32_t class_code = 0;  ///< 0x030200
  std::string driver;            ///< what is bound; empty: nothing or not told
  int numa_node = -1;            ///< -1: the machine has one, or does not tell

  bool is_nvidia_gpu() const;
  bool is_nvswitch() const;
};

/// Reads `FOLDER/SLOT/FILE:value` rows (grep -H over vendor, device, class, uevent, driver below
/// /sys/bus/pci/devices), uevent blocks, and `lspci -n`, `-nn`, with or without `-k`.
std::vector<PciDevice> parse_pci_devices(std::string_view text);

/// From the device id; enough to choose between open and proprietary modules and a branch.
enum class GpuArch {
  unknown,
  fermi,
  kepler,
  maxwell,
  pascal,
  volta,
  turing,
  ampere,
  hopper,
  ada,
  blackwell
};
GpuArch gpu_arch(std::uint32_t device_id);
std::string_view gpu_arch_name(GpuArch arch);

}  // namespace dtenv
