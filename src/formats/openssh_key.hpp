#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "formats/public_key.hpp"

namespace dtenv {

enum class KeyKind { ed25519, rsa };

/// A fresh key pair as OpenSSH's files have it.
struct KeyPair {
  Secret private_text;  ///< openssh-key-v1 in its armour, no passphrase
  PublicKey public_key;
};

/// Makes a key pair with OpenSSL. `bits` counts for RSA alone: 3072 to 16384. Takes up to seconds
/// for large RSA keys: not on the loop thread.
Result<KeyPair> make_key_pair(KeyKind kind, int bits, std::string comment);

/// The public half of an unencrypted openssh-key-v1 text. CONFIG with what to do for an encrypted
/// one, PEM, PKCS#8 or PuTTY's format.
Result<PublicKey> read_public_half(std::string_view private_text);

}  // namespace dtenv
