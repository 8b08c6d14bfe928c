#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// The lines of a kernel log (and of modprobe's own complaints) that decide a verdict. Each holds
/// the last such line; empty: none.
struct NvidiaKernelLog {
  std::string needs_open;         ///< this GPU requires the open modules
  std::string needs_proprietary;  ///< this GPU is not supported by the open nvidia.ko
  std::string probe_not_called;   ///< another driver owns the device
  std::string other_owner;        ///< "nouveau" where the log names it
  std::string not_built;          ///< not found for, or built for another, kernel
  std::string key_rejected;       ///< Secure Boot
  std::string no_device;          ///< the module found no GPU for itself
  std::string branch_too_new;     ///< supported through a legacy branch
  std::string api_mismatch;
  std::string fabric_mismatch;
  std::string peermem_symbols;  ///< nvidia_peermem was built against another OFED
  std::string init_failed;      ///< RmInitAdapter failed, fallen off the bus
  std::string fatal_xid;
  std::vector<int> xids;  ///< every Xid's number, in order

  bool empty() const;
};

NvidiaKernelLog parse_nvidia_kernel_log(std::string_view text);
/// An Xid after which the GPU is not to be trusted without a reset.
bool is_fatal_xid(int xid);

}  // namespace dtenv
