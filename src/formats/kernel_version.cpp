#include "formats/kernel_version.hpp"

#include "base/text.hpp"

namespace dtenv {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The run of digits, or the single other byte, at the front; taken off.
std::string_view take_part(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  const auto part = text.substr(0, end == 0 ? 1 : end);
  text.remove_prefix(part.size());
  return part;
}

}  // namespace

bool kernel_older(std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty()) {
    const auto left = take_part(one);
    const auto right = take_part(other);
    if (left == right) continue;
    if (is_digit(left[0]) && is_digit(right[0]) && left.size() != right.size())
      return left.size() < right.size();
    return left < right;
  }
  return one.empty() && !other.empty();
}

std::string newest_kernel(std::string_view lines) {
  std::string newest;
  for (const auto raw : split_lines(lines)) {
    const auto line = trim(raw);
    // A rescue image (RHEL) is nobody's next kernel.
    if (line.empty() || contains(line, "rescue")) continue;
    if (newest.empty() || kernel_older(newest, line)) newest = std::string(line);
  }
  return newest;
}

bool kernel_at_least(std::string_view kernel, int major, int minor) {
  const auto parts = split(kernel.substr(0, kernel.find('-')), '.');
  if (parts.size() < 2) return false;
  const auto first = parse_integer(parts[0], 0, 999);
  const auto second = parse_integer(parts[1], 0, 9999);
  if (!first || !second) return false;
  return *first != major ? *first > major : *second >= minor;
}

}  // namespace dtenv
