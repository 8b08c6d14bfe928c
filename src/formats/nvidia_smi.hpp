#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// What a run of nvidia-smi came to. Its exit status alone does not tell: a lost GPU may exit 0.
enum class SmiState {
  not_run,
  ok,
  hang,        ///< no end within its deadline
  not_found,   ///< no such program
  no_library,  ///< libnvidia-ml.so is missing
  no_driver,   ///< cannot communicate with the driver
  mismatch,    ///< driver/library version mismatch
  no_permission,
  no_devices,
  gpu_lost,
  needs_reset,
  unknown_error,
};

struct SmiRun {
  std::string out;
  std::string err;
  int exit_code = 0;
};

struct SmiReport {
  SmiState state = SmiState::not_run;
  std::string line;                     ///< the line that shows it, for the evidence
  std::string library_version;          ///< "580.178" of a mismatch; may be empty
  std::string driver_version;           ///< where the output has it
  int gpus = 0;                         ///< rows of a csv query or of -L; 0: not told
  int persistence_off = 0;              ///< GPUs whose query says Disabled
  std::vector<std::string> ecc_errors;  ///< "GPU 3: 2 uncorrected ECC errors"
};

/// The columns the query asks for; all but the last are driver.md's.
constexpr std::string_view smi_query_columns =
    "index,uuid,pci.bus_id,name,driver_version,compute_cap,ecc.errors.uncorrected.volatile.total,"
    "persistence_mode";

/// Reads the table form, `-L` and `--query-gpu=… --format=csv,noheader` alike.
SmiReport read_nvidia_smi(const SmiRun& run);
/// NVML's codes are nvidia-smi's exit statuses too.
SmiState smi_state_of_code(int code);

}  // namespace dtenv
