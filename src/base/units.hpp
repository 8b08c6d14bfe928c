#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dtenv {

using Duration = std::chrono::milliseconds;

/// Docker's grammar: a number, an optional blank, an optional b k kb kib m mb mib g gb gib t tb tib
/// p pb pib (any case), powers of 1024; decimals allowed. "16gb" → 17179869184.
Result<std::int64_t> parse_size(std::string_view text);

/// "250ms", "30s", "10m", "2h", "1h30m"; a unit is required. At most 366 days.
Result<Duration> parse_duration(std::string_view text);

/// "1.8 GB", "30 s": for people.
std::string show_size(std::int64_t bytes);
std::string show_duration(Duration duration);

}  // namespace dtenv
