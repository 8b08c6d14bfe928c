#include "host/ssh_failure.hpp"

#include <array>

#include "base/text.hpp"

namespace dtenv {

namespace {

struct Cause {
  std::string_view words;  ///< in what ssh says
  std::string_view problem;
  std::string_view hint;
  bool retry = false;
};

// The first that fits wins: the telling ones first.
constexpr std::array causes{
    Cause{"IDENTIFICATION HAS CHANGED", "the host key is not the known one",
          "it was reinstalled, or somebody is in between: compare the fingerprint on the machine "
          "itself, then replace the key in known_hosts or host_keys"},
    Cause{"Host key for ", "the host key is not the known one",
          "compare the fingerprint on the machine itself, then replace the key in known_hosts or "
          "host_keys"},
    Cause{
        "host key is known for", "the host key is not known",
        "add it to known_hosts, or pin it as host_keys, after comparing it on the machine itself"},
    Cause{"Host key verification failed", "the host key was not accepted",
          "check known_hosts or host_keys"},
    Cause{"a password is required", "sudo asks for a password",
          "give the user NOPASSWD in sudoers, or log in as root"},
    Cause{"a terminal is required", "sudo asks for a password",
          "give the user NOPASSWD in sudoers, or log in as root"},
    Cause{"is not in the sudoers file", "the user may not use sudo", "add it to sudoers"},
    Cause{"sudo: not found", "there is no sudo on the machine",
          "set \"sudo\": false or install it"},
    Cause{"sudo: command not found", "there is no sudo on the machine",
          "set \"sudo\": false or install it"},
    Cause{"Too many authentication failures", "the machine refused the keys that were offered",
          "name the right one as identity_file"},
    Cause{"Permission denied (", "the machine refused the login",
          "its authorized_keys must hold a key of this controller's agent or identity_file"},
    Cause{"Could not resolve hostname", "the name does not resolve", "check the address and DNS"},
    Cause{"hostname contains invalid characters", "the host's name is none", "check the address"},
    Cause{"Connection refused", "nothing listens on that port",
          "is sshd running, and is the port right?"},
    Cause{"No route to host", "there is no route to it", "check the address and the network"},
    Cause{"Network is unreachable", "there is no route to it", "check the address and the network"},
    Cause{"not responding", "it does not answer any more", "the machine or the network went down"},
    Cause{"timed out", "no answer in time", "is the machine up, and does a firewall drop port 22?"},
    Cause{"no matching", "no algorithm in common with its sshd",
          "check kex_algorithms and the ages of both ends"},
    Cause{"Bad configuration option", "the ssh config is not understood", "check the config file"},
    Cause{"Bad owner or permissions", "the ssh config's permissions are not accepted",
          "it must be writable by its owner alone"},
    Cause{"MaxStartups", "its sshd is busy with other logins", "raise MaxStartups", true},
    Cause{"Not allowed at this time", "its sshd refuses this address for a while",
          "too many failed logins came from here (PerSourcePenalties)"},
    Cause{"kex_exchange_identification", "its sshd closed the connection before the login",
          "it may be busy with other logins (MaxStartups)", true},
    Cause{"Connection reset", "the connection was reset", "the machine or the network went down"},
    Cause{"Broken pipe", "the connection broke", "the machine or the network went down"},
    Cause{"closed by", "the connection was closed", "sshd or the machine went down"},
};

std::string last_line(std::string_view said) {
  std::string found;
  for (const std::string_view line : split_lines(said)) {
    const std::string_view text = trim(line);
    if (!text.empty() && !starts_with(text, "@@@")) found = text;
  }
  return found;
}

std::string address_of(const SshOptions& options) {
  std::string text = options.user.empty() ? options.host : options.user + "@" + options.host;
  if (options.port) text += ":" + std::to_string(*options.port);
  return text;
}

}  // namespace

SshFailure classify_ssh_failure(const SshOptions& options, std::string_view said,
                                std::string_view fallback) {
  std::string line = last_line(said);
  std::string_view problem = fallback;
  std::string_view hint;
  SshFailure failure;
  for (const Cause& cause : causes) {
    if (!contains(said, cause.words)) continue;
    for (const std::string_view each : split_lines(said))
      if (contains(each, cause.words)) line = trim(each);
    problem = cause.problem;
    hint = cause.hint;
    failure.retry = cause.retry;
    break;
  }
  std::string message = "ssh " + address_of(options) + ": " + std::string(problem);
  if (!line.empty()) message += " (" + visible(line, 200) + ")";
  failure.error = Error{Status::host, std::move(message)};
  Problem detail;
  detail.problem = line.empty() ? std::string(problem) : visible(line, 400);
  detail.hint = hint;
  failure.error.detail.push_back(std::move(detail));
  return failure;
}

}  // namespace dtenv
