#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dtenv {

/// An SSH public key: "ssh-ed25519 AAAA… comment".
struct PublicKey {
  std::string type;
  std::string blob;     ///< decoded: what is signed over and hashed
  std::string comment;  ///< as given
  int bits = 256;

  /// "TYPE BASE64", the same for two lines of one key.
  std::string words() const;
  /// words() and the comment, its bytes outside [A-Za-z0-9@._-] as "_", at most 64 of them: a
  /// comment is free text of somebody else's, and authorized_keys is no place for it.
  std::string line() const;
  /// "SHA256:…", as ssh-keygen -l shows it.
  std::string fingerprint() const;

  bool operator==(const PublicKey& other) const { return blob == other.blob; }
};

/// Exactly one key on one line, without options. CONFIG: an unknown or weak type (DSA, RSA below
/// 3072 bits), a blob that is not base64, is of another type or has bytes to spare.
Result<PublicKey> parse_public_key(std::string_view line);

/// A host key's fingerprint as people give it: "SHA256:" and 43 characters of base64.
bool is_fingerprint(std::string_view text);

}  // namespace dtenv
