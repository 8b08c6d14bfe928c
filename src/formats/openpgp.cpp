#include "formats/openpgp.hpp"

#include <cstdint>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace dtenv {
namespace {

constexpr std::string_view armour_begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view armour_end = "-----END PGP PUBLIC KEY BLOCK-----";
constexpr unsigned public_key_tag = 6;

Error bad_key(std::string_view why) {
  return {Status::config, "OpenPGP key: " + std::string(why)};
}

std::uint32_t crc24(std::string_view bytes) {
  std::uint32_t crc = 0xB704CE;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 16;
    for (int i = 0; i < 8; ++i) {
      crc <<= 1;
      if ((crc & 0x1000000u) != 0) crc ^= 0x1864CFB;
    }
  }
  return crc & 0xFFFFFFu;
}

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

struct Packet {
  unsigned tag = 0;
  std::string_view body;
};

/// Takes the packet at the front of `rest`; nullopt: cut or of a form no key has.
std::optional<Packet> take_packet(std::string_view& rest) {
  const auto head = static_cast<unsigned char>(rest.front());
  if ((head & 0x80) == 0) return std::nullopt;
  const bool is_new = (head & 0x40) != 0;
  Packet packet;
  packet.tag = is_new ? head & 0x3fu : (head >> 2) & 0x0fu;
  std::size_t digits = 0;  // bytes of the length after the one that says how many
  std::size_t at = 1;
  std::size_t length = 0;
  if (!is_new) {
    if ((head & 3) == 3) return std::nullopt;  // indeterminate: never a key's
    digits = std::size_t{1} << (head & 3);
  } else {
    if (rest.size() < 2) return std::nullopt;
    const auto first = static_cast<unsigned char>(rest[1]);
    at = 2;
    if (first < 192) {
      length = first;
    } else if (first < 224) {
      if (rest.size() < 3) return std::nullopt;
      length =
          (static_cast<std::size_t>(first - 192) << 8) + static_cast<unsigned char>(rest[2]) + 192;
      at = 3;
    } else if (first == 255) {
      digits = 4;
    } else {
      return std::nullopt;  // partial lengths are for data
    }
  }
  if (digits != 0) {
    if (rest.size() < at + digits) return std::nullopt;
    length = big_endian(rest.substr(at, digits));
    at += digits;
  }
  if (rest.size() - at < length) return std::nullopt;
  packet.body = rest.substr(at, length);
  rest.remove_prefix(at + length);
  return packet;
}

std::string upper_hex(std::string_view bytes) {
  std::string out = hex(bytes);
  for (char& c : out)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace

Result<std::string> openpgp_dearmor(std::string_view key) {
  const auto begin = key.find(armour_begin);
  if (begin == std::string_view::npos) return std::string(key);
  const auto end = key.find(armour_end, begin);
  if (end == std::string_view::npos) return bad_key("the armour has no end");
  std::string body;
  std::string checksum;
  bool in_headers = true;
  const auto lines =
      split_lines(key.substr(begin + armour_begin.size(), end - begin - armour_begin.size()));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto line = trim(lines[i]);
    if (in_headers && (line.empty() || contains(line, ": "))) {
      in_headers = !line.empty();
      continue;
    }
    in_headers = false;
    if (starts_with(line, "="))
      checksum = std::string(line.substr(1));
    else
      body += line;
  }
  const auto bytes = base64_decode(body);
  if (!bytes) return bad_key("the armour is not base64");
  if (!checksum.empty()) {
    const auto wanted = base64_decode(checksum);
    if (!wanted || wanted->size() != 3 || big_endian(*wanted) != crc24(*bytes))
      return bad_key("the armour's checksum does not fit");
  }
  return *bytes;
}

Result<std::vector<std::string>> openpgp_fingerprints(std::string_view key) {
  DT_TRY_ASSIGN(const std::string bytes, openpgp_dearmor(key));
  std::string_view rest = bytes;
  std::vector<std::string> found;
  while (!rest.empty()) {
    const auto packet = take_packet(rest);
    if (!packet) return bad_key("not a sequence of packets");
    if (packet->tag != public_key_tag) continue;
    if (packet->body.empty() || packet->body.front() != 4 || packet->body.size() > 0xffff)
      return bad_key("not a version 4 key");
    std::string hashed = "\x99";
    hashed += static_cast<char>(packet->body.size() >> 8);
    hashed += static_cast<char>(packet->body.size() & 0xff);
    hashed += packet->body;
    found.push_back(upper_hex(sha1_raw(hashed)));
  }
  if (found.empty()) return bad_key("no public key in it");
  return found;
}

}  // namespace dtenv
