#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/hostfile.hpp"

namespace dtenv {

/// How one machine is dialled by its name.
struct SshConfigHost {
  std::string name;
  std::string address;
  int port = 22;
  std::string user = "root";
};

/// What holds for all of them.
struct SshConfigOptions {
  std::string identity_file;          ///< empty: the user's own keys and agent
  std::string known_hosts_file;       ///< pinned host keys; empty: the user's own
  std::vector<std::string> send_env;  ///< names of variables a session is given
  int connect_timeout_s = 10;
  /// A user's own lines for every host stand below: what would break a launch is said first.
  bool above_others = false;
};

/// Host blocks for `ssh -F` or ~/.ssh/config: host keys strictly checked under the machine's name
/// (HostKeyAlias, but where nothing else is known of it), no prompt, no agent, no forwarding.
Result<std::string> render_ssh_config(const std::vector<SshConfigHost>& hosts,
                                      const SshConfigOptions& options);

/// The same for the hosts of a hostfile: their ports and users, which most launchers cannot be told
/// in any other way. An address is dtenv's `addr`, else the name.
Result<std::string> render_ssh_config(const std::vector<HostEntry>& hosts,
                                      const SshConfigOptions& options);

/// The same for the top of a user's own file, whose lines go on behind it.
Result<std::string> render_ssh_config_block(const std::vector<SshConfigHost>& hosts,
                                            const SshConfigOptions& options);

/// The same as a managed block at the top of an existing file, since ssh takes the first value it
/// reads; every foreign byte stays and means what it meant.
Result<std::string> merge_ssh_config(std::string_view text, const std::vector<SshConfigHost>& hosts,
                                     const SshConfigOptions& options, std::string_view tag);

}  // namespace dtenv
