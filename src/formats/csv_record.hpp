#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// One record as Go's encoding/csv reads it: commas, fields in double quotes, "" for a quote
/// within.
Result<std::vector<std::string>> parse_csv_record(std::string_view text);

}  // namespace dtenv
