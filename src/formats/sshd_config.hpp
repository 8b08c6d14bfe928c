#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/text.hpp"

namespace dtenv {

/// sshd of one training container.
struct SshdConfig {
  int port = 6001;
  std::vector<std::string> listen;     ///< addresses; empty: all of them
  std::vector<std::string> host_keys;  ///< files of private host keys
  std::vector<std::string> host_certificates;
  std::string pid_file;
  std::string user = "root";  ///< the one who may log in
  /// What a session is given beyond sshd's own: the container's PATH and libraries, which a login
  /// otherwise lacks. Names that would run code are left out.
  Environ set_env;
  /// OpenSSH before 7.8 has no SetEnv: sshd reads environment_file() in ~/.ssh instead.
  bool env_in_file = false;
  std::vector<std::string> accept_env;  ///< names a client may send
};

/// A whole file for `sshd -f`: an image's own file stays out of it, since Port adds up over files.
Result<std::string> render_sshd_config(const SshdConfig& config);

/// What `set_env` comes to as the lines of ~/.ssh/environment.
std::string environment_file(const Environ& env);

/// Whether sshd gives it to a session: one line, and no name a shell, the linker or Python runs
/// code from.
bool is_given_to_logins(std::string_view name, std::string_view value);

/// [A-Za-z_][A-Za-z0-9_]*
bool is_variable_name(std::string_view name);

}  // namespace dtenv
