#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// "6.8.0-9-generic" is older than "6.8.0-45-generic": runs of digits compare as numbers.
bool kernel_older(std::string_view one, std::string_view other);
/// The newest of the lines, which a boot loader starts next; empty: none.
std::string newest_kernel(std::string_view lines);
/// By its first two numbers: "5.15.0-91-generic" is at least 5.12.
bool kernel_at_least(std::string_view kernel, int major, int minor);

}  // namespace dtenv
