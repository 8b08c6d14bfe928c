#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// What the Engine API calls a DeviceRequest.
struct GpuRequest {
  std::string driver;
  int count = 0;  ///< -1: all; 0 beside device_ids
  std::vector<std::string> device_ids;
  std::vector<std::string> capabilities;  ///< one set: {"gpu"} or {"compute", "utility", "gpu"}
  std::map<std::string, std::string> options;
};

/// The value of docker's `--gpus`, one CSV record: `all`, `2`, `"device=0,1"`,
/// `driver=nvidia,capabilities=compute`. An unquoted `device=0,1` is the daemon's error "cannot set
/// both Count and DeviceIDs", told here with its cure.
Result<GpuRequest> parse_gpus(std::string_view value);

/// The same for a document of ours, where nothing has to be quoted: `device=0,1` means both.
Result<GpuRequest> parse_gpus_of_document(std::string_view value);

}  // namespace dtenv
