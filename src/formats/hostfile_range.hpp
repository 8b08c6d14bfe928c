#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// `node[01-03,07]-ib` → node01-ib … node07-ib, the numbers' width kept; a text without brackets
/// gives itself. CONFIG where it is no range, runs backwards or gives more than `limit` names.
Result<std::vector<std::string>> expand_host_range(std::string_view text, std::size_t limit);

}  // namespace dtenv
