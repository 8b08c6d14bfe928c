#pragma once

#include <cstdint>
#include <string_view>

namespace dtenv {

/// The code point at `at`, which moves past it; an invalid byte counts as U+FFFD, as in Go.
inline std::uint32_t next_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (more == 0 || at + static_cast<std::size_t>(more) > text.size()) return 0xFFFD;
  std::uint32_t point = lead & (0x3FU >> more);
  for (int i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
    if ((next & 0xC0) != 0x80) return 0xFFFD;
    point = point << 6 | (next & 0x3F);
  }
  at += static_cast<std::size_t>(more);
  return point;
}

}  // namespace dtenv
