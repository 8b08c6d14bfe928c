#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/hostfile.hpp"

namespace dtenv {

/// A host and the slots of it that take part, by index from 0.
struct HostSlots {
  std::string name;
  std::vector<std::int64_t> slots;

  bool operator==(const HostSlots&) const = default;
};

/// DeepSpeed's --include and --exclude, without its defects: `host@host:0,2`, a host alone meaning
/// all its slots, `0-3` and `node[01-04]` allowed; `include` first, `exclude` from what is left. An
/// empty filter does nothing; a host that keeps no slot goes; the hostfile's order stays.
Result<std::vector<HostSlots>> filter_hosts(const std::vector<HostEntry>& hosts,
                                            std::string_view include, std::string_view exclude);

}  // namespace dtenv
