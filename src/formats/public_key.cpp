#include "formats/public_key.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace dtenv {

namespace {

constexpr int min_rsa_bits = 3072;
constexpr std::size_t max_line = std::size_t{16} << 10;

Error bad(std::string why, std::string hint = {}) {
  Problem problem{"", 1, 1, why, std::move(hint)};
  return {Status::config, "public key: " + std::move(why), {std::move(problem)}};
}

/// The fields of a blob: each four bytes of length and as many bytes.
class BlobReader {
 public:
  explicit BlobReader(std::string_view blob) : rest_(blob) {}

  std::optional<std::string_view> field() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t length = 0;
    for (int i = 0; i < 4; ++i)
      length = length << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
    if (length > rest_.size() - 4) return std::nullopt;
    const std::string_view value = rest_.substr(4, length);
    rest_.remove_prefix(4 + length);
    return value;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct KeyType {
  std::string_view name;
  int fields;              ///< after the type's own
  std::string_view curve;  ///< the second field of an ECDSA key
  int bits;
};

constexpr std::array<KeyType, 7> key_types = {{
    {"ssh-ed25519", 1, "", 256},
    {"ssh-rsa", 2, "", 0},
    {"ecdsa-sha2-nistp256", 2, "nistp256", 256},
    {"ecdsa-sha2-nistp384", 2, "nistp384", 384},
    {"ecdsa-sha2-nistp521", 2, "nistp521", 521},
    {"sk-ssh-ed25519@openssh.com", 2, "", 256},
    {"sk-ecdsa-sha2-nistp256@openssh.com", 3, "nistp256", 256},
}};

int bits_of_integer(std::string_view bytes) {
  const std::size_t begin = std::min(bytes.find_first_not_of('\0'), bytes.size());
  int bits = static_cast<int>(bytes.size() - begin) * 8;
  if (begin < bytes.size())
    for (unsigned mask = 0x80; (static_cast<unsigned char>(bytes[begin]) & mask) == 0; mask >>= 1)
      --bits;
  return bits;
}

Result<int> check_blob(const KeyType& type, std::string_view blob) {
  BlobReader reader(blob);
  const auto inner = reader.field();
  if (!inner) return bad("the key's bytes are cut short");
  if (*inner != type.name)
    return bad("the key says " + std::string(type.name) + " and its bytes " + visible(*inner, 40));
  std::string_view last;
  for (int i = 0; i < type.fields; ++i) {
    const auto field = reader.field();
    if (!field || field->empty()) return bad("the key's bytes are cut short");
    if (i == 0 && !type.curve.empty() && *field != type.curve)
      return bad("the key's curve is not " + std::string(type.curve));
    if (i == 0 && contains(type.name, "ed25519") && field->size() != 32)
      return bad("an ed25519 key has 32 bytes");
    last = *field;
  }
  if (!reader.at_end()) return bad("bytes after the end of the key");
  if (type.bits > 0) return type.bits;
  const int bits = bits_of_integer(last);
  if (bits < min_rsa_bits)
    return bad("an RSA key of " + std::to_string(bits) + " bits is too weak",
               "make an ed25519 key, or RSA from 3072 bits on");
  return bits;
}

}  // namespace

std::string PublicKey::words() const {
  return type + " " + base64(blob);
}

std::string PublicKey::line() const {
  if (comment.empty()) return words();
  std::string safe = comment.substr(0, 64);
  for (char& c : safe) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '@' || c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return words() + " " + safe;
}

std::string PublicKey::fingerprint() const {
  std::string text = base64(sha256_raw(blob));
  text.erase(text.find_last_not_of('=') + 1);
  return "SHA256:" + text;
}

Result<PublicKey> parse_public_key(std::string_view line) {
  if (line.size() > max_line) return bad("longer than 16 KiB");
  if (ends_with(line, "\n")) line.remove_suffix(ends_with(line, "\r\n") ? 2 : 1);
  if (std::any_of(line.begin(), line.end(), [](char c) { return c >= 0 && c < ' ' && c != '\t'; }))
    return bad("a control byte or a second line in it", "one key, on one line");
  if (contains(line, "PRIVATE KEY")) return bad("this is a private key", "give its .pub file");
  const auto words = split_words(line);
  if (words.size() < 2) return bad("\"TYPE BASE64 COMMENT\" expected");
  const auto type = std::find_if(key_types.begin(), key_types.end(),
                                 [&](const KeyType& known) { return known.name == words[0]; });
  if (type == key_types.end())
    return bad("the type \"" + visible(words[0], 40) + "\" is not taken",
               "ssh-ed25519 is; options do not belong here");
  PublicKey key;
  key.type = words[0];
  const auto blob = base64_decode(words[1]);
  if (!blob || base64(*blob) != words[1]) return bad("its second word is not base64");
  key.blob = *blob;
  DT_TRY_ASSIGN(key.bits, check_blob(*type, key.blob));
  if (words.size() > 2)
    key.comment = trim(line.substr(static_cast<std::size_t>(words[2].data() - line.data())));
  return key;
}

bool is_fingerprint(std::string_view text) {
  if (!starts_with(text, "SHA256:") || text.size() != 50) return false;
  const auto bytes = base64_decode(std::string(text.substr(7)) + "=");
  return bytes && bytes->size() == 32;
}

}  // namespace dtenv
