#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// A candidate row: `driver   : nvidia-driver-515 - distro non-free recommended`.
struct DriverCandidate {
  std::string package;
  bool third_party = false;
  bool free = false;
  bool builtin = false;
  bool recommended = false;
};

/// One `== /sys/devices/… ==` part of `ubuntu-drivers devices`.
struct UbuntuDevice {
  std::string path;
  std::string modalias;
  std::string vendor;
  std::string model;
  bool manual_install = false;
  std::vector<DriverCandidate> drivers;

  bool is_nvidia() const;
};

/// Other devices, warnings and noise between are passed over; rows of `ubuntu-drivers list` become
/// one device without a path.
std::vector<UbuntuDevice> parse_ubuntu_drivers(std::string_view text);

/// The package recommended for the NVIDIA devices: one that every device lists, if there is one.
/// Empty: none is.
std::string recommended_driver(const std::vector<UbuntuDevice>& devices);

}  // namespace dtenv
