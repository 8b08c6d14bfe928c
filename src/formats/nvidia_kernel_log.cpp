#include "formats/nvidia_kernel_log.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace dtenv {
namespace {

struct Sign {
  std::string_view text;
  std::string NvidiaKernelLog::*field;
};

constexpr std::array<Sign, 24> sign_table = {{
    {"requires use of the NVIDIA open kernel modules", &NvidiaKernelLog::needs_open},
    {"not supported by open", &NvidiaKernelLog::needs_proprietary},
    {"NVIDIA probe routine was not called", &NvidiaKernelLog::probe_not_called},
    {"obtain ownership of the NVIDIA device", &NvidiaKernelLog::probe_not_called},
    {"Module nvidia not found in directory", &NvidiaKernelLog::not_built},
    {"insert 'nvidia': Exec format error", &NvidiaKernelLog::not_built},
    {"nvidia: disagrees about version of symbol module_layout", &NvidiaKernelLog::not_built},
    {"nvidia: version magic", &NvidiaKernelLog::not_built},
    {"Key was rejected by service", &NvidiaKernelLog::key_rejected},
    {"Required key not available", &NvidiaKernelLog::key_rejected},
    {"Loading of unsigned module is rejected", &NvidiaKernelLog::key_rejected},
    {"insert 'nvidia': No such device", &NvidiaKernelLog::no_device},
    {"No NVIDIA GPU found", &NvidiaKernelLog::no_device},
    {"Legacy drivers", &NvidiaKernelLog::branch_too_new},
    {"NVRM: API mismatch", &NvidiaKernelLog::api_mismatch},
    {"don't match with driver version", &NvidiaKernelLog::fabric_mismatch},
    {"nvidia_peermem: disagrees about version", &NvidiaKernelLog::peermem_symbols},
    {"insert 'nvidia_peermem': Invalid argument", &NvidiaKernelLog::peermem_symbols},
    {"assigned to your NVIDIA device is invalid", &NvidiaKernelLog::init_failed},
    {"BAR1 is 0M", &NvidiaKernelLog::init_failed},
    {"RmInitAdapter failed", &NvidiaKernelLog::init_failed},
    {"has fallen off the bus", &NvidiaKernelLog::init_failed},
    {"fabric manager NVIDIA GPU driver interface version", &NvidiaKernelLog::fabric_mismatch},
    {"rm_init_adapter failed", &NvidiaKernelLog::init_failed},
}};

/// "NVRM: Xid (PCI:0000:04:00): 79, pid=…" → 79; 0: no Xid.
int xid_of(std::string_view line) {
  const auto at = line.find("NVRM: Xid");
  if (at == std::string_view::npos) return 0;
  auto colon = line.find("):", at);
  if (colon == std::string_view::npos) return 0;
  const auto rest = trim(line.substr(colon + 2));
  return static_cast<int>(
      parse_integer(rest.substr(0, rest.find_first_of(", ")), 1, 999).value_or(0));
}

}  // namespace

bool NvidiaKernelLog::empty() const {
  return xids.empty() &&
         std::all_of(sign_table.begin(), sign_table.end(),
                     [this](const Sign& sign) { return (this->*sign.field).empty(); });
}

bool is_fatal_xid(int xid) {
  constexpr std::array<int, 11> fatal = {48, 61, 62, 64, 74, 79, 95, 119, 120, 136, 143};
  return std::find(fatal.begin(), fatal.end(), xid) != fatal.end();
}

NvidiaKernelLog parse_nvidia_kernel_log(std::string_view text) {
  NvidiaKernelLog log;
  for (const auto raw : split_lines(text)) {
    const auto line = trim(raw);
    for (const auto& sign : sign_table)
      if (contains(line, sign.text)) log.*sign.field = std::string(line);
    if (contains(line, "nouveau") && !log.probe_not_called.empty()) log.other_owner = "nouveau";
    const int xid = xid_of(line);
    if (xid == 0) continue;
    log.xids.push_back(xid);
    if (is_fatal_xid(xid)) log.fatal_xid = std::string(line);
  }
  return log;
}

}  // namespace dtenv
