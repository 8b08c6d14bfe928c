#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "formats/public_key.hpp"

namespace dtenv {

/// A machine's pinned host keys, under its alias (HostKeyAlias) and as "[address]:port".
struct KnownHost {
  std::string name;
  std::string address;  ///< may be empty: the alias alone
  int port = 22;
  std::vector<PublicKey> keys;
  bool authority = false;  ///< the keys certify host keys, and are none themselves
};

/// A whole known_hosts file: ours alone, so that no `*` of somebody else's counts.
Result<std::string> render_known_hosts(const std::vector<KnownHost>& hosts);

/// "[10.0.0.1]:6001"; port 22 has the plain form.
std::string known_hosts_name(const std::string& address, int port);

}  // namespace dtenv
