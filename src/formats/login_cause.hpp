#pragma once

#include <string>
#include <string_view>

namespace dtenv {

/// Why a login did not happen, told apart by what the OpenSSH client prints.
enum class LoginCause {
  none,
  refused,      ///< no sshd on that port
  timed_out,    ///< filtered, or nothing there
  unreachable,  ///< no route
  dns,          ///< the name does not resolve
  host_key_changed,
  wrong_host,  ///< another machine of ours answers there, by its host key
  host_key_unknown,
  host_certificate,   ///< the host's certificate is expired, or of another name
  key_rejected,       ///< the server does not take the key
  key_permissions,    ///< the private key's file is open to others
  key_unreadable,     ///< missing, or in a format ssh cannot read
  too_many_starting,  ///< MaxStartups
  penalty,            ///< sshd refuses this address for a while
  no_algorithm,       ///< nothing in common with the server
  closed,             ///< the server hung up, or the connection broke
  client_missing,     ///< no ssh program
  config,             ///< ssh's own configuration is bad
  sudo,               ///< logged in, and sudo wants what nobody is there to give
  noise,              ///< logged in, and the shell's start-up files print to stdout
  command,            ///< logged in, and the command failed
  other,
};

/// What ssh's standard error comes to.
struct LoginVerdict {
  LoginCause cause = LoginCause::other;
  std::string_view problem;  ///< "nothing listens on that port"; empty: not known
  std::string_view hint;     ///< what to do
  std::string line;          ///< ssh's own line that says so, else its last
  bool retry = false;        ///< the machine was merely busy with other logins
};

LoginVerdict judge_login(std::string_view said);

/// The same for a login that ran to its end: `code` is ssh's exit status, `out` what a command that
/// prints nothing printed. ssh's 255 alone decides nothing.
LoginVerdict judge_login(int code, std::string_view said, std::string_view out);

/// One word for JSON and tests: "host_key_changed".
std::string_view login_cause_name(LoginCause cause);

}  // namespace dtenv
