#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// One device as NVML sees it.
struct NvmlGpu {
  int code = 0;  ///< of its handle: 0 is a device that answers
  std::string uuid;
  std::optional<int> fabric_state;   ///< nullopt: this NVML does not tell
  std::optional<int> fabric_status;  ///< an NVML code
};

/// What a child that opened libnvidia-ml by dlopen wrote, a fact a line: "init CODE", "driver
/// VERSION", "cuda 12040", "gpu INDEX CODE UUID STATE STATUS" ("-": not told); "library: …" where
/// it could not be opened, "not asked: …" where nobody could.
struct NvmlReport {
  std::string why_not;
  std::string library_error;
  std::optional<int> init;  ///< nvmlInit_v2's code
  std::string driver_version;
  int cuda = 0;  ///< 12040 is CUDA 12.4
  std::vector<NvmlGpu> gpus;
};
NvmlReport parse_nvml_report(std::string_view text);

/// "LIB_RM_VERSION_MISMATCH" of 18; "code 77" of what is not known.
std::string nvml_code_name(int code);
/// "COMPLETED" of 3.
std::string fabric_state_name(int state);

}  // namespace dtenv
