#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace dtenv {

/// Why `text` cannot name a machine (a DNS name, an alias of ~/.ssh/config or an address in its one
/// canonical form), as a person would say it; nullopt where it can.
std::optional<std::string> host_name_problem(std::string_view text);

/// How many bytes at the beginning are one label that begins with a letter, as nearly every name of
/// a cluster is: soon told, and sound. 0: none are.
std::size_t plain_name_end(std::string_view text);

/// Bytes told eight at a time: the high bit of each one that is from `low` to `high`. None may be
/// 0x80 or above.
[[gnu::always_inline]] inline std::uint64_t bytes_among(std::uint64_t bytes, char low, char high) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  const auto at_least = [&](std::uint64_t least) { return bytes + (0x80 - least) * ones; };
  return at_least(static_cast<unsigned char>(low)) &
         ~at_least(static_cast<unsigned char>(high) + 1U);
}

/// Whether eight bytes are all letters, digits, "-" or "_".
[[gnu::always_inline]] inline bool eight_plain_bytes(const char* text) {
  constexpr std::uint64_t high = 0x8080808080808080U;
  constexpr std::uint64_t small = 0x2020202020202020U;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  const std::uint64_t good = bytes_among(bytes | small, 'a', 'z') | bytes_among(bytes, '0', '9') |
                             bytes_among(bytes, '-', '-') | bytes_among(bytes, '_', '_');
  return (bytes & high) == 0 && (good & high) == high;
}

/// All of it is such a name.
[[gnu::always_inline]] inline bool is_plain_host_name(std::string_view text) {
  const std::size_t size = text.size();
  if (size < 8 || size > 16) return size > 0 && plain_name_end(text) == size;
  return text[0] >= 'A' && text[0] != '_' && text[size - 1] != '-' &&
         eight_plain_bytes(text.data()) && eight_plain_bytes(text.data() + size - 8);
}

/// Why `text` cannot be a user's name: [a-z_][a-z0-9_-]{0,31}.
std::optional<std::string> user_name_problem(std::string_view text);

/// A TCP port as decimal digits alone, 1–65535.
std::optional<int> parse_port(std::string_view text);

/// Four decimal numbers up to 255, none with a leading zero.
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

/// localhost, 127.0.0.0/8, ::1 and the unspecified addresses: the same machine, or none.
bool is_loopback(std::string_view text);

/// Why `text` cannot be the CIDR of a `from=` or of a network option: the length, or host bits set.
std::optional<std::string> cidr_problem(std::string_view text);

}  // namespace dtenv
