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
  host_key_unknown,
  key_rejected,       ///< the server does not take the key
  key_permissions,    ///< the private key's file is open to others
  key_unreadable,     ///< missing, or in a format ssh cannot read
  too_many_starting,  ///< MaxStartups
  closed,             ///< the server hung up before the login
  client_missing,     ///< no ssh program
  config,             ///< ssh's own configuration is bad
  command,            ///< logged in, and the command failed
  other,
};

/// `code` is ssh's exit status, `text` its standard error.
LoginCause classify_login(int code, std::string_view text);
/// One word for JSON and tests: "host_key_changed".
std::string_view login_cause_name(LoginCause failure);
/// What it means and what to do, for people.
std::string_view login_cause_help(LoginCause failure);

}  // namespace dtenv
