#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dtenv {

/// What /proc/driver/nvidia/version says of the loaded kernel module.
struct ProcVersion {
  std::string version;
  std::string arch;  ///< "x86_64", "aarch64", "x86"
  bool open = false;
  std::string build_user;  ///< "dvs-builder@U16…"; empty: not told
  std::string date;        ///< as written; empty: not told
};

/// nullopt: no line of that grammar. The GCC line is never looked at (Jetson's is garbage).
std::optional<ProcVersion> parse_proc_version(std::string_view text);

}  // namespace dtenv
