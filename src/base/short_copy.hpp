#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dtenv {

/// memcpy for pieces that are short nearly always: two moves that may overlap, and no call.
[[gnu::always_inline]] inline void short_copy(char* to, const char* from, std::size_t count) {
  if (count > 16) {
    std::memcpy(to, from, count);
  } else if (count >= 8) {
    char first[8], last[8];
    std::memcpy(first, from, 8);
    std::memcpy(last, from + count - 8, 8);
    std::memcpy(to, first, 8);
    std::memcpy(to + count - 8, last, 8);
  } else if (count >= 4) {
    char first[4], last[4];
    std::memcpy(first, from, 4);
    std::memcpy(last, from + count - 4, 4);
    std::memcpy(to, first, 4);
    std::memcpy(to + count - 4, last, 4);
  } else {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
  }
}

/// The last eight bytes as a number that grows as they do; fewer bytes are filled up with zeros.
[[gnu::always_inline]] inline std::uint64_t last_eight(const char* text, std::size_t count) {
  std::uint64_t bytes = 0;
  if (count >= 8)
    std::memcpy(&bytes, text + count - 8, 8);
  else
    short_copy(reinterpret_cast<char*>(&bytes) + 8 - count, text, count);
  return __builtin_bswap64(bytes);
}

}  // namespace dtenv
