#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// One row of `dkms status`, old grammar or new.
struct DkmsRow {
  std::string module;  ///< "nvidia", "nvidia-current", "nvidia-open", "nvidia-srv"
  std::string version;
  std::string kernel;  ///< empty: only added
  std::string arch;
  std::string state;    ///< "added", "built" or "installed"
  std::string warning;  ///< "WARNING! Diff between built and installed module!"
};

/// Rows of every module; what is no row is passed over.
std::vector<DkmsRow> parse_dkms_status(std::string_view text);
bool is_nvidia_module(const DkmsRow& row);

}  // namespace dtenv
