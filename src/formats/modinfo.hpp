#pragma once

#include <string>
#include <string_view>

namespace dtenv {

/// What `modinfo nvidia` says of the module on disk for the running kernel.
struct Modinfo {
  bool found = false;      ///< there is a module file
  bool not_found = false;  ///< modinfo says there is none
  std::string version;
  std::string license;
  std::string signer;
  std::string kernel;  ///< the first word of vermagic
  bool open() const;   ///< Dual MIT/GPL; the proprietary one says NVIDIA
};

Modinfo parse_modinfo(std::string_view text);

}  // namespace dtenv
