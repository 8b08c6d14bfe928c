#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dtenv {

/// One `-v`: a folder of the machine, a named volume, or (only a target) a volume without a name.
struct VolumeOption {
  enum class Kind { bind, named, anonymous };
  Kind kind = Kind::bind;
  std::string source;
  std::string target;
  bool read_only = false;
  std::string propagation;  ///< "rshared", …, or empty
  std::string selinux;      ///< "z", "Z" or empty
  bool no_copy = false;
  std::string text;  ///< as written: what Binds takes
};

/// docker's `-v`: `src:dst[:opts]` or `dst`; both paths absolute.
Result<VolumeOption> parse_volume(std::string_view value);

}  // namespace dtenv
