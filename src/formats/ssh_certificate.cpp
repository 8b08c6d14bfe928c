#include "formats/ssh_certificate.hpp"

#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace dtenv {

namespace {

constexpr std::string_view suffix = "-cert-v01@openssh.com";
constexpr std::size_t max_line = std::size_t{64} << 10;

Error bad(std::string why) {
  return {Status::config, "certificate: " + std::move(why)};
}

/// The fields of a blob, in order. One that is not there makes all that follow absent.
class Fields {
 public:
  explicit Fields(std::string_view blob) : rest_(blob) {}

  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const char c : take(bytes)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view field() { return take(static_cast<std::size_t>(number(4))); }
  bool at_end() const { return rest_.empty(); }
  bool sound() const { return sound_; }

 private:
  std::string_view take(std::size_t bytes) {
    if (!sound_ || bytes > rest_.size()) {
      sound_ = false;
      return {};
    }
    const std::string_view value = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return value;
  }

  std::string_view rest_;
  bool sound_ = true;
};

std::string as_field(std::string_view bytes) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += static_cast<char>(bytes.size() >> static_cast<unsigned>(shift) & 255);
  return text.append(bytes);
}

/// A key from the fields of its own, as a public key's line has it.
Result<PublicKey> key_of(std::string_view type, const std::vector<std::string_view>& fields) {
  std::string blob = as_field(type);
  for (const std::string_view field : fields) blob += as_field(field);
  return parse_public_key(std::string(type) + " " + base64(blob));
}

Result<PublicKey> authority_of(std::string_view blob) {
  Fields fields(blob);
  const std::string_view type = fields.field();
  if (!fields.sound()) return bad("its authority's key is cut short");
  return parse_public_key(std::string(type) + " " + base64(blob));
}

}  // namespace

Result<SshCertificate> parse_ssh_certificate(std::string_view line) {
  if (line.size() > max_line) return bad("longer than 64 KiB");
  const auto words = split_words(trim(line));
  if (words.size() < 2 || !ends_with(words[0], suffix))
    return bad("\"TYPE-cert-v01@openssh.com BASE64\" expected");
  const std::string_view type = words[0].substr(0, words[0].size() - suffix.size());
  if (type != "ssh-ed25519" && type != "ssh-rsa")
    return bad("of a key of type " + visible(type, 40) + ", which none of ours is");
  const auto blob = base64_decode(words[1]);
  if (!blob) return bad("its second word is not base64");
  Fields fields(*blob);
  if (fields.field() != words[0]) return bad("its bytes are of another type than it says");
  fields.field();  // the nonce
  std::vector<std::string_view> own = {fields.field()};
  if (type == "ssh-rsa") own.push_back(fields.field());
  SshCertificate certificate;
  certificate.serial = fields.number(8);
  const std::uint64_t kind = fields.number(4);
  certificate.kind = kind == 2 ? SshCertificate::Kind::host : SshCertificate::Kind::user;
  certificate.id = fields.field();
  Fields principals(fields.field());
  while (principals.sound() && !principals.at_end())
    certificate.principals.emplace_back(principals.field());
  certificate.valid_after = fields.number(8);
  certificate.valid_before = fields.number(8);
  for (int i = 0; i < 3; ++i) fields.field();  // critical options, extensions, reserved
  const std::string_view authority = fields.field();
  fields.field();  // the signature
  if (!fields.sound() || !fields.at_end() || !principals.sound())
    return bad("its bytes are cut short, or have more behind them");
  if (kind != 1 && kind != 2) return bad("neither a user's nor a host's");
  DT_TRY_ASSIGN(certificate.key, key_of(type, own));
  DT_TRY_ASSIGN(certificate.authority, authority_of(authority));
  certificate.words = std::string(words[0]) + " " + std::string(words[1]);
  return certificate;
}

}  // namespace dtenv
