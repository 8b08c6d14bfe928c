#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// One .deb file of a folder, as `dpkg-deb -W` tells of it.
struct DebFile {
  std::string path;
  std::string package;
  std::string version;
  std::string architecture;
  std::string depends;  ///< Pre-Depends and Depends: "a (>= 1), b | c"
};

/// As `dpkg --compare-versions`: below 0, 0 or above 0.
int compare_deb_versions(std::string_view a, std::string_view b);

/// The files to hand to apt-get so that `wanted` are installed: the newest of each for this
/// architecture, and whatever of the folder they need that is not installed in a version that will
/// do (`installed`: package to version). NOT_FOUND where a wanted package is not among them; what
/// no file gives is left for apt to judge.
Result<std::vector<DebFile>> choose_debs(const std::vector<DebFile>& files,
                                         const std::vector<std::string>& wanted,
                                         std::string_view architecture,
                                         const std::map<std::string, std::string>& installed);

}  // namespace dtenv
