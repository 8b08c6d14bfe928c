#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/public_key.hpp"

namespace dtenv {

/// An OpenSSH certificate: "ssh-ed25519-cert-v01@openssh.com AAAA… comment". Its signature is not
/// checked here: sshd and ssh do that; this tells whom it is for and how long.
struct SshCertificate {
  enum class Kind { user, host };

  PublicKey key;  ///< the certified one
  Kind kind = Kind::user;
  std::uint64_t serial = 0;
  std::string id;
  std::vector<std::string> principals;
  std::uint64_t valid_after = 0;   ///< seconds since 1970
  std::uint64_t valid_before = 0;  ///< the first second in which it does not hold
  PublicKey authority;
  std::string words;  ///< "TYPE BASE64"
};

/// Exactly one certificate on one line, of an ed25519 or RSA key. CONFIG: anything else.
Result<SshCertificate> parse_ssh_certificate(std::string_view line);

}  // namespace dtenv
