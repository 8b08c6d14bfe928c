#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// One /proc/driver/nvidia/gpus/SLOT/information.
struct GpuInformation {
  std::string model;
  std::string slot;  ///< "0000:06:00.0"
  std::string uuid;
  std::string firmware;  ///< GSP's; "N/A": none
  bool excluded = false;

  /// The driver has brought it up at least once: else its UUID is all question marks.
  bool initialised() const;
};

/// Any number of these files, one after the other.
std::vector<GpuInformation> parse_gpu_information(std::string_view text);

}  // namespace dtenv
