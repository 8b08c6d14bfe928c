#include "formats/login_cause.hpp"

#include "base/text.hpp"

namespace dtenv {

namespace {

struct Sign {
  std::string_view text;
  LoginCause failure;
};

// The order decides: a changed key's message ends with the line of an unknown one, and a key that
// is ignored for its mode ends with a rejected one.
constexpr Sign signs[] = {
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", LoginCause::host_key_changed},
    {"UNPROTECTED PRIVATE KEY FILE", LoginCause::key_permissions},
    {"bad permissions", LoginCause::key_permissions},
    {"Host key verification failed", LoginCause::host_key_unknown},
    {"host key is known for", LoginCause::host_key_unknown},
    {"Identity file", LoginCause::key_unreadable},
    {"invalid format", LoginCause::key_unreadable},
    {"error in libcrypto", LoginCause::key_unreadable},
    {"Permission denied", LoginCause::key_rejected},
    {"Too many authentication failures", LoginCause::key_rejected},
    {"Could not resolve hostname", LoginCause::dns},
    {"Name or service not known", LoginCause::dns},
    {"Temporary failure in name resolution", LoginCause::dns},
    {"Connection refused", LoginCause::refused},
    {"timed out", LoginCause::timed_out},
    {"Timeout", LoginCause::timed_out},
    {"No route to host", LoginCause::unreachable},
    {"Network is unreachable", LoginCause::unreachable},
    {"Exceeded MaxStartups", LoginCause::too_many_starting},
    {"Not allowed at this time", LoginCause::too_many_starting},
    {"kex_exchange_identification: read: Connection reset", LoginCause::too_many_starting},
    {"kex_exchange_identification: Connection closed", LoginCause::closed},
    {"Connection closed", LoginCause::closed},
    {"Connection reset", LoginCause::closed},
    {"Bad configuration option", LoginCause::config},
    {"bad configuration options", LoginCause::config},
    {"Bad owner or permissions on", LoginCause::config},
};

}  // namespace

LoginCause classify_login(int code, std::string_view text) {
  if (code == 0) return LoginCause::none;
  if (code == 127) return LoginCause::client_missing;
  if (code != 255) return LoginCause::command;
  for (const Sign& sign : signs)
    if (contains(text, sign.text)) return sign.failure;
  return LoginCause::other;
}

std::string_view login_cause_name(LoginCause failure) {
  switch (failure) {
    case LoginCause::none:
      return "ok";
    case LoginCause::refused:
      return "refused";
    case LoginCause::timed_out:
      return "timed_out";
    case LoginCause::unreachable:
      return "unreachable";
    case LoginCause::dns:
      return "dns";
    case LoginCause::host_key_changed:
      return "host_key_changed";
    case LoginCause::host_key_unknown:
      return "host_key_unknown";
    case LoginCause::key_rejected:
      return "key_rejected";
    case LoginCause::key_permissions:
      return "key_permissions";
    case LoginCause::key_unreadable:
      return "key_unreadable";
    case LoginCause::too_many_starting:
      return "too_many_starting";
    case LoginCause::closed:
      return "closed";
    case LoginCause::client_missing:
      return "client_missing";
    case LoginCause::config:
      return "config";
    case LoginCause::command:
      return "command";
    case LoginCause::other:
      return "other";
  }
  return "";
}

std::string_view login_cause_help(LoginCause failure) {
  switch (failure) {
    case LoginCause::none:
      return "";
    case LoginCause::refused:
      return "no sshd listens there: is the container up, and the port the right one?";
    case LoginCause::timed_out:
      return "nothing answers: a firewall drops it, or the address is wrong";
    case LoginCause::unreachable:
      return "there is no route to that address";
    case LoginCause::dns:
      return "the name does not resolve there: give the node an address";
    case LoginCause::host_key_changed:
      return "another sshd than the pinned one answers at that address and port";
    case LoginCause::host_key_unknown:
      return "its host key is not pinned: apply again";
    case LoginCause::key_rejected:
      return "the server does not take the key: authorized_keys, its mode, or the user";
    case LoginCause::key_permissions:
      return "the private key's file is open to others: chmod 600";
    case LoginCause::key_unreadable:
      return "the private key's file is missing or unreadable";
    case LoginCause::too_many_starting:
      return "too many logins at once: raise MaxStartups";
    case LoginCause::closed:
      return "the server hung up: its log says why";
    case LoginCause::client_missing:
      return "there is no ssh program: install openssh-client in the image";
    case LoginCause::config:
      return "ssh refuses its own configuration file";
    case LoginCause::command:
      return "the login works, the command did not";
    case LoginCause::other:
      return "";
  }
  return "";
}

}  // namespace dtenv
