#include "formats/login_cause.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace dtenv {

namespace {

struct Sign {
  std::string_view text;  ///< in what ssh says
  LoginCause cause;
  std::string_view problem;
  std::string_view hint;
  bool retry = false;
};

using enum LoginCause;

constexpr std::string_view compare_it =
    "it was made anew, or somebody is in between: compare the fingerprint on the machine itself, "
    "then replace the key in known_hosts or host_keys";
constexpr std::string_view give_sudo = "give the user NOPASSWD in sudoers, or log in as root";
constexpr std::string_view went_down = "the machine or the network went down";

// The order decides: a changed key's message ends with the line of an unknown one, and a key that
// is ignored for its mode ends with a rejected one.
constexpr std::array signs{
    Sign{"IDENTIFICATION HAS CHANGED", host_key_changed, "the host key is not the known one",
         compare_it},
    Sign{"REVOKED HOST KEY", host_key_changed, "the host key is revoked", compare_it},
    Sign{"name is not a listed principal", wrong_host,
         "another node answers there, by its certificate",
         "check the address and the port, and what forwards to them"},
    Sign{"Certificate invalid", host_certificate, "the host's certificate does not hold",
         "apply again: it is expired, or of another node; compare the clocks"},
    Sign{"Host key for ", host_key_changed, "the host key is not the known one", compare_it},
    Sign{"host key is known for", host_key_unknown, "the host key is not known",
         "add it to known_hosts, or pin it as host_keys, after comparing it on the machine itself"},
    Sign{"Host key verification failed", host_key_unknown, "the host key was not accepted",
         "check known_hosts or host_keys"},
    Sign{"UNPROTECTED PRIVATE KEY FILE", key_permissions,
         "the private key's file is open to others", "chmod 600 it"},
    Sign{"bad permissions", key_permissions, "the private key's file is open to others",
         "chmod 600 it"},
    Sign{"Identity file", key_unreadable, "the private key's file is missing or unreadable",
         "name the right one as identity_file"},
    Sign{"invalid format", key_unreadable, "the private key's file cannot be read",
         "ssh-keygen -y -f KEY says whether it is whole"},
    Sign{"error in libcrypto", key_unreadable, "the private key's file cannot be read",
         "ssh-keygen -y -f KEY says whether it is whole"},
    Sign{"a password is required", sudo, "sudo asks for a password", give_sudo},
    Sign{"a terminal is required", sudo, "sudo asks for a password", give_sudo},
    Sign{"is not in the sudoers file", sudo, "the user may not use sudo", "add it to sudoers"},
    Sign{"sudo: not found", sudo, "there is no sudo on the machine",
         "set \"sudo\": false or install it"},
    Sign{"sudo: command not found", sudo, "there is no sudo on the machine",
         "set \"sudo\": false or install it"},
    Sign{"Too many authentication failures", key_rejected,
         "the machine refused the keys that were offered", "name the right one as identity_file"},
    Sign{"Permission denied (", key_rejected, "the machine refused the login",
         "its authorized_keys must hold the key that is offered (an agent's, or identity_file), "
         "under that user, writable by nobody else"},
    Sign{"Could not resolve hostname", dns, "the name does not resolve",
         "give the node an address, or check DNS"},
    Sign{"Name or service not known", dns, "the name does not resolve",
         "give the node an address, or check DNS"},
    Sign{"Temporary failure in name resolution", dns, "the name does not resolve",
         "give the node an address, or check DNS"},
    Sign{"hostname contains invalid characters", dns, "the host's name is none",
         "check the address"},
    Sign{"Connection refused", refused, "nothing listens on that port",
         "is sshd running, and is the port right?"},
    Sign{"No route to host", unreachable, "there is no route to it",
         "check the address and the network"},
    Sign{"Network is unreachable", unreachable, "there is no route to it",
         "check the address and the network"},
    Sign{"not responding", timed_out, "it does not answer any more", went_down},
    Sign{"timed out", timed_out, "no answer in time",
         "is the machine up, and does a firewall drop the port?"},
    Sign{"no matching", no_algorithm, "no algorithm in common with its sshd",
         "check kex_algorithms and the ages of both ends"},
    Sign{"onfiguration option", config, "the ssh config is not understood",
         "check the config file"},
    Sign{"Bad owner or permissions", config, "the ssh config's permissions are not accepted",
         "it must be writable by its owner alone"},
    Sign{"MaxStartups", too_many_starting, "its sshd is busy with other logins",
         "raise MaxStartups", true},
    Sign{"Not allowed at this time", penalty, "its sshd refuses this address for a while",
         "too many failed logins came from here (PerSourcePenalties)"},
    Sign{"kex_exchange_identification", too_many_starting,
         "its sshd closed the connection before the login",
         "it may be busy with other logins (MaxStartups)", true},
    Sign{"Connection reset", closed, "the connection was reset", went_down},
    Sign{"Broken pipe", closed, "the connection broke", went_down},
    Sign{"closed by", closed, "the connection was closed", "sshd or the machine went down"},
};

/// What ssh says at the end is why it gave up.
std::string last_line(std::string_view said) {
  std::string found;
  for (const std::string_view line : split_lines(said)) {
    const std::string_view text = trim(line);
    if (!text.empty() && !starts_with(text, "@@@")) found = text;
  }
  return found;
}

constexpr std::array<std::string_view, 22> names = {"ok",
                                                    "refused",
                                                    "timed_out",
                                                    "unreachable",
                                                    "dns",
                                                    "host_key_changed",
                                                    "wrong_host",
                                                    "host_key_unknown",
                                                    "host_certificate",
                                                    "key_rejected",
                                                    "key_permissions",
                                                    "key_unreadable",
                                                    "too_many_starting",
                                                    "penalty",
                                                    "no_algorithm",
                                                    "closed",
                                                    "client_missing",
                                                    "config",
                                                    "sudo",
                                                    "noise",
                                                    "command",
                                                    "other"};
static_assert(names.size() == static_cast<std::size_t>(other) + 1);

}  // namespace

LoginVerdict judge_login(std::string_view said) {
  LoginVerdict verdict;
  verdict.line = last_line(said);
  const auto* const sign = std::find_if(
      signs.begin(), signs.end(), [&](const Sign& each) { return contains(said, each.text); });
  if (sign == signs.end()) return verdict;
  for (const std::string_view line : split_lines(said))
    if (contains(line, sign->text)) verdict.line = trim(line);
  verdict.cause = sign->cause;
  verdict.problem = sign->problem;
  verdict.hint = sign->hint;
  verdict.retry = sign->retry;
  return verdict;
}

LoginVerdict judge_login(int code, std::string_view said, std::string_view out) {
  if (code == 255) return judge_login(said);
  LoginVerdict verdict;
  verdict.line = last_line(said);
  if (code == 127) {
    verdict.cause = client_missing;
    verdict.problem = "there is no ssh program";
    verdict.hint = "install openssh-client";
  } else if (code == 124 || code == 137) {  // of timeout(1): ssh itself hung
    verdict.cause = timed_out;
    verdict.problem = "no answer in time";
    verdict.hint = "its sshd took the connection and does not answer";
  } else if (code != 0) {
    verdict.cause = command;
    verdict.problem = "the login works, the command did not";
  } else if (!trim(out).empty()) {
    verdict.cause = noise;
    verdict.problem = "the login works, and the shell's start-up files print to stdout";
    verdict.hint =
        "launchers take that for an answer: print from .bashrc for interactive shells alone";
    verdict.line = last_line(out);
  } else {
    verdict.cause = none;
  }
  return verdict;
}

std::string_view login_cause_name(LoginCause cause) {
  return names[static_cast<std::size_t>(cause)];
}

}  // namespace dtenv
