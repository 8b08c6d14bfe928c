#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// `node[01-03,07]-ib` → node01-ib … node07-ib, the numbers' width kept; a text without brackets
/// gives itself. CONFIG where it is no range, runs backwards or gives more than `limit` names.
Result<std::vector<std::string>> expand_host_range(std::string_view text, std::size_t limit);

/// The same as Slurm reads it: `rack[1-2]node[01-03]` is every pair, nothing stands behind the last
/// bracket, at most 65536 numbers a range.
Result<std::vector<std::string>> expand_slurm_ranges(std::string_view text);

/// The names in their order as Slurm writes them: node01, node02, node07 → node[01-02,07].
std::string fold_host_ranges(const std::vector<std::string_view>& names);

}  // namespace dtenv
