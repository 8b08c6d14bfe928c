#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"

namespace dtenv {

/// How the controller dials a machine with the system's OpenSSH client. What is empty here is left
/// to the user's own ssh config, agent and known_hosts; host keys are always checked.
struct SshOptions {
  std::string host;  ///< what ssh is given: an address, a name or an alias of ~/.ssh/config
  std::string user;
  std::optional<int> port;
  std::string identity_file;
  std::string config_file;  ///< -F
  std::string known_hosts_file;
  std::vector<std::string> host_keys;  ///< pinned: "ssh-ed25519 AAAA…"; beats known_hosts_file
  std::string jump;                    ///< -J
  std::string kex_algorithms;          ///< empty: the configs' choice, else SshClient's
  bool sudo = false;  ///< act through `sudo -n` (NOPASSWD) where the user is not root
  Duration connect_timeout = std::chrono::seconds(10);
};

}  // namespace dtenv
