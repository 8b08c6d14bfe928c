#pragma once

#include <string_view>

namespace dtenv {

/// "OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.11", as `ssh -V` and `sshd -V` say it → 902; 0: no OpenSSH.
int openssh_version(std::string_view text);

}  // namespace dtenv
