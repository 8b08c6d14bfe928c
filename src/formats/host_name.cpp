#include "formats/host_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace dtenv {

namespace {

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_byte(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/// What inet_aton() takes for a number: 010 and 0x7f too.
bool reads_as_number(std::string_view label) {
  if (label.size() > 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
    label.remove_prefix(2);
    return label.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  }
  return !label.empty() && label.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::string> byte_problem(std::string_view text) {
  for (const char c : text) {
    if (is_name_byte(c)) continue;
    if (static_cast<unsigned char>(c) >= 0x80)
      return "is not ASCII (an internationalised name is written in its xn-- form)";
    if (c == ' ' || c == '\t') return "has a blank in it";
    return "has \"" + visible(std::string_view(&c, 1)) + "\" in it";
  }
  return std::nullopt;
}

std::optional<std::string> ipv4_problem(std::string_view text) {
  if (!is_ipv4(text)) return "is not a dotted quad in its canonical form (like 10.0.0.1)";
  const auto first = parse_integer(text.substr(0, text.find('.')), 0, 255).value_or(0);
  if (text == "255.255.255.255") return "is the broadcast address";
  if (first >= 224 && first < 240) return "is a multicast address";
  return std::nullopt;
}

std::optional<std::string> label_problem(std::string_view label) {
  if (label.empty()) return "has an empty part between dots";
  if (label.size() > 63) return "has a part longer than 63 bytes";
  if (label.front() == '-' || label.back() == '-')
    return "has a part that begins or ends with \"-\"";
  return std::nullopt;
}

/// The parts between dots, without a copy: a hostfile has 100 000 names.
std::optional<std::string> labels_problem(std::string_view text, bool& all_numbers) {
  if (text.size() > 253) return "is longer than 253 bytes";
  if (text.back() == '.') return "ends with a dot (write it without)";
  all_numbers = true;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (auto problem = label_problem(label)) return problem;
    all_numbers = all_numbers && reads_as_number(label);
    if (dot == std::string_view::npos) return std::nullopt;
    text.remove_prefix(dot + 1);
  }
}

std::optional<std::array<unsigned char, 16>> ipv6_bytes(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  if (text.size() > 45 || inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1)
    return std::nullopt;
  return bytes;
}

/// Bits of `bytes` from `length` on: any set?
template <class Bytes>
bool has_host_bits(const Bytes& bytes, std::int64_t length) {
  for (std::size_t bit = static_cast<std::size_t>(length); bit < bytes.size() * 8; ++bit)
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
  return false;
}

}  // namespace

std::size_t plain_name_end(std::string_view text) {
  static constexpr auto known = [] {
    std::array<bool, 256> bytes{};
    for (int c = 0; c < 256; ++c)
      bytes[static_cast<std::size_t>(c)] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                           (c >= '0' && c <= '9') || c == '-' || c == '_';
    return bytes;
  }();
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* at = begin;
  while (end - at >= 8 && eight_plain_bytes(at)) at += 8;
  while (at != end && known[static_cast<unsigned char>(*at)]) ++at;
  if (at == begin || at - begin > 63 || at[-1] == '-' || *begin < 'A' || *begin == '_') return 0;
  return static_cast<std::size_t>(at - begin);
}

bool is_ipv4(std::string_view text) {
  if (text.size() > 15) return false;
  int count = 0;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (!parse_integer(part, 0, 255) || (part.size() > 1 && part[0] == '0')) return false;
    ++count;
    if (dot == std::string_view::npos) return count == 4;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos && text.find('\0') == std::string_view::npos &&
         ipv6_bytes(text).has_value();
}

bool is_loopback(std::string_view text) {
  if (lower(text) == "localhost" || ends_with(lower(text), ".localhost")) return true;
  if (is_ipv4(text)) return starts_with(text, "127.") || text == "0.0.0.0";
  const auto bytes = ipv6_bytes(text);
  return bytes &&
         !std::any_of(bytes->begin(), bytes->end() - 1, [](unsigned char b) { return b; }) &&
         bytes->back() <= 1;
}

std::optional<std::string> host_name_problem(std::string_view text) {
  if (is_plain_host_name(text)) return std::nullopt;
  if (text.empty()) return "is empty";
  if (text[0] == '-') return "begins with \"-\"";
  if (text.find(':') != std::string_view::npos) {
    if (!is_ipv6(text)) return "has \":\" in it and is no IPv6 address";
    if (lower(text.substr(0, 2)) == "ff") return "is a multicast address";
    return std::nullopt;
  }
  if (auto problem = byte_problem(text)) return problem;
  if (text.find_first_not_of('.') == std::string_view::npos) return "is a placeholder of dots";
  bool all_numbers = false;
  if (auto problem = labels_problem(text, all_numbers)) return problem;
  if (all_numbers) return ipv4_problem(text);
  return std::nullopt;
}

std::optional<std::string> user_name_problem(std::string_view text) {
  if (text.empty()) return "is empty";
  if (text.size() > 32) return "is longer than 32 bytes";
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto goes_on = [&](char c) { return starts(c) || (c >= '0' && c <= '9') || c == '-'; };
  if (starts(text[0]) && std::all_of(text.begin(), text.end(), goes_on)) return std::nullopt;
  return "is not a user's name (a-z, 0-9, _ and -, a letter or _ first)";
}

std::optional<int> parse_port(std::string_view text) {
  const auto port = parse_integer(text, 1, 65535);
  if (!port || text[0] == '0') return std::nullopt;
  return static_cast<int>(*port);
}

std::optional<std::string> cidr_problem(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const bool v4 = is_ipv4(address);
  if (!v4 && !is_ipv6(address)) return "is no address";
  if (slash == std::string_view::npos) return std::nullopt;
  const auto length = parse_integer(text.substr(slash + 1), 0, v4 ? 32 : 128);
  if (!length) return v4 ? "has a length that is not 0 to 32" : "has a length that is not 0 to 128";
  std::array<unsigned char, 4> quad{};
  if (v4) inet_pton(AF_INET, std::string(address).c_str(), quad.data());
  if (v4 ? has_host_bits(quad, *length) : has_host_bits(*ipv6_bytes(address), *length))
    return "has bits set beyond its length";
  return std::nullopt;
}

}  // namespace dtenv
