#include "formats/openssh_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace dtenv {

namespace {

constexpr std::string_view magic("openssh-key-v1\0", 15);
constexpr std::string_view armour_begin = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
constexpr std::string_view armour_end = "-----END OPENSSH PRIVATE KEY-----\n";
constexpr std::size_t cipher_block = 8;  // of the cipher "none"

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

void put_number(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 255);
}

void put_field(std::string& out, std::string_view bytes) {
  put_number(out, bytes.size());
  out += bytes;
}

/// An integer as SSH writes it: big-endian, a zero byte first where the top bit is set.
Result<void> put_integer(std::string& out, EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1)
    return Error{Status::internal, "OpenSSL gave no " + std::string(name) + " of the key it made"};
  const Number number(raw);
  const auto size = static_cast<std::size_t>(BN_num_bytes(number.get()));
  std::string bytes(size + 1, '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()) + 1);
  const bool high = size > 0 && (static_cast<unsigned char>(bytes[1]) & 0x80) != 0;
  put_field(out, std::string_view(bytes).substr(high ? 0 : 1));
  const Secret wiped(std::move(bytes));
  return {};
}

/// The two halves as openssh-key-v1 has them: the public blob, and the fields of the private one.
struct Halves {
  std::string blob;
  std::string fields;
};

Result<Halves> ed25519_halves(EVP_PKEY* key) {
  std::array<unsigned char, 32> secret{};
  std::array<unsigned char, 32> open{};
  std::size_t secret_size = secret.size();
  std::size_t open_size = open.size();
  if (EVP_PKEY_get_raw_private_key(key, secret.data(), &secret_size) != 1 ||
      EVP_PKEY_get_raw_public_key(key, open.data(), &open_size) != 1)
    return Error{Status::internal, "OpenSSL gave no bytes of the key it made"};
  const std::string_view public_bytes(reinterpret_cast<const char*>(open.data()), open.size());
  std::string both(reinterpret_cast<const char*>(secret.data()), secret.size());
  both += public_bytes;
  Halves halves;
  put_field(halves.blob, "ssh-ed25519");
  put_field(halves.blob, public_bytes);
  halves.fields = halves.blob;
  put_field(halves.fields, both);
  const Secret wiped(std::move(both));
  OPENSSL_cleanse(secret.data(), secret.size());
  return halves;
}

Result<Halves> rsa_halves(EVP_PKEY* key) {
  Halves halves;
  put_field(halves.blob, "ssh-rsa");
  DT_TRY(put_integer(halves.blob, key, OSSL_PKEY_PARAM_RSA_E));
  DT_TRY(put_integer(halves.blob, key, OSSL_PKEY_PARAM_RSA_N));
  put_field(halves.fields, "ssh-rsa");
  for (const char* name : {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
                           OSSL_PKEY_PARAM_RSA_COEFFICIENT1, OSSL_PKEY_PARAM_RSA_FACTOR1,
                           OSSL_PKEY_PARAM_RSA_FACTOR2}) {
    DT_TRY(put_integer(halves.fields, key, name));
  }
  return halves;
}

std::string armour(std::string_view bytes) {
  const std::string text = base64(bytes);
  std::string armoured(armour_begin);
  for (std::size_t at = 0; at < text.size(); at += 70) armoured += text.substr(at, 70) + "\n";
  return armoured + std::string(armour_end);
}

std::string private_text(const Halves& halves, std::string_view comment) {
  const std::string check = random_bytes(4);
  std::string inner = check + check + halves.fields;
  put_field(inner, comment);
  for (char pad = 1; inner.size() % cipher_block != 0; ++pad) inner += pad;
  std::string bytes(magic);
  put_field(bytes, "none");  // cipher
  put_field(bytes, "none");  // how the passphrase becomes a key
  put_field(bytes, "");
  put_number(bytes, 1);
  put_field(bytes, halves.blob);
  put_field(bytes, inner);
  const Secret wiped_inner(std::move(inner));
  std::string text = armour(bytes);
  const Secret wiped_bytes(std::move(bytes));
  return text;
}

Error unreadable(std::string why, std::string hint) {
  Problem problem{"", 1, 1, why, std::move(hint)};
  return {Status::config, "private key: " + std::move(why), {std::move(problem)}};
}

/// Takes a length and as many bytes off the front.
std::optional<std::string_view> take_field(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::size_t length = 0;
  for (const char c : bytes.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(4);
  if (length > bytes.size()) return std::nullopt;
  const std::string_view field = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return field;
}

}  // namespace

Result<KeyPair> make_key_pair(KeyKind kind, int bits, std::string comment) {
  if (kind == KeyKind::rsa && (bits < 3072 || bits > 16384))
    return Error{Status::config,
                 "an RSA key has 3072 to 16384 bits here, not " + std::to_string(bits)};
  if (comment.find_first_of(std::string("\r\n\0", 3)) != std::string::npos)
    return Error{Status::config, "a key's comment is one line"};
  const bool rsa = kind == KeyKind::rsa;
  const Key key(rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits))
                    : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return Error{Status::internal, "OpenSSL made no key"};
  DT_TRY_ASSIGN(Halves halves, rsa ? rsa_halves(key.get()) : ed25519_halves(key.get()));
  KeyPair pair;
  pair.private_text = Secret(private_text(halves, comment));
  pair.public_key.type = rsa ? "ssh-rsa" : "ssh-ed25519";
  pair.public_key.bits = rsa ? bits : 256;
  pair.public_key.blob = std::move(halves.blob);
  pair.public_key.comment = std::move(comment);
  const Secret wiped(std::move(halves.fields));
  return pair;
}

Result<PublicKey> read_public_half(std::string_view text) {
  const std::string_view lines = trim(text);
  if (starts_with(lines, "PuTTY-User-Key-File"))
    return unreadable("PuTTY's format", "puttygen KEY -O private-openssh -o NEW");
  if (!starts_with(lines, trim(armour_begin)) || !ends_with(lines, trim(armour_end)))
    return unreadable("not in OpenSSH's own format", "ssh-keygen -p -f KEY writes it anew");
  std::string base;
  for (const std::string_view line : split_lines(lines))
    if (!starts_with(line, "-----")) base += trim(line);
  const auto decoded = base64_decode(base);
  if (!decoded || !starts_with(*decoded, magic)) return unreadable("cut short or damaged", "");
  std::string_view bytes = std::string_view(*decoded).substr(magic.size());
  const auto cipher = take_field(bytes);
  const bool sound = cipher && take_field(bytes) && take_field(bytes) && bytes.size() > 4;
  if (!sound) return unreadable("cut short or damaged", "");
  if (*cipher != "none")
    return unreadable("encrypted with a passphrase, which nobody is there to type",
                      "ssh-keygen -p -f KEY takes it off; or use an agent");
  bytes.remove_prefix(4);
  const auto blob = take_field(bytes);
  std::string_view inner = blob.value_or("");
  const auto type = take_field(inner);
  if (!blob || !type) return unreadable("cut short or damaged", "");
  return parse_public_key(std::string(*type) + " " + base64(*blob));
}

}  // namespace dtenv
