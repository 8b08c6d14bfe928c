#include "formats/sshd_config.hpp"

#include <algorithm>
#include <array>

#include "formats/host_name.hpp"

namespace dtenv {

namespace {

Error bad(std::string why) {
  return {Status::config, "sshd_config: " + std::move(why)};
}

bool is_path(std::string_view path) {
  return starts_with(path, "/") && std::all_of(path.begin(), path.end(), [](char c) {
           return c > ' ' && c != '"' && c != '\'' && c != '\\' && c != '%' && c != '\x7f';
         });
}

/// Names a shell, the linker or Python runs code from, and those sshd sets itself.
bool is_left_out(std::string_view name) {
  constexpr std::array<std::string_view, 16> names = {
      "BASH_ENV", "ENV",  "IFS",     "PS4",   "SHELLOPTS", "BASHOPTS", "PYTHONSTARTUP", "HOME",
      "USER",     "TERM", "LOGNAME", "SHELL", "MAIL",      "PWD",      "HOSTNAME",      "SHLVL"};
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  return (starts_with(name, "LD_") && name != "LD_LIBRARY_PATH") || starts_with(name, "SSH_") ||
         starts_with(name, "BASH_FUNC_");
}

/// One word of sshd_config: in quotes, with " and \ escaped.
std::string word(const std::string& name, const std::string& value) {
  const std::string escaped = replace_all(replace_all(value, "\\", "\\\\"), "\"", "\\\"");
  const bool plain = value.find_first_of(" \t\"'\\#") == std::string::npos;
  return plain ? name + "=" + value : "\"" + name + "=" + escaped + "\"";
}

/// All in one line: sshd takes the first SetEnv alone.
std::string set_env_line(const Environ& env) {
  std::string line;
  for (const auto& [name, value] : env)
    if (is_given_to_logins(name, value)) line += " " + word(name, value);
  return line.empty() ? "" : "SetEnv" + line + "\n";
}

Result<void> check(const SshdConfig& config) {
  if (config.port < 1 || config.port > 65535) return bad("a port from 1 to 65535 expected");
  for (const std::string& address : config.listen)
    if (!is_ipv4(address) && !is_ipv6(address))
      return bad("\"" + visible(address) + "\" is no address to listen on");
  if (config.host_keys.empty()) return bad("no host key");
  for (const std::string& path : config.host_keys)
    if (!is_path(path)) return bad("\"" + visible(path) + "\" is no path of a host key");
  for (const std::string& path : config.host_certificates)
    if (!is_path(path)) return bad("\"" + visible(path) + "\" is no path of a certificate");
  if (!is_path(config.pid_file)) return bad("\"" + visible(config.pid_file) + "\" is no PidFile");
  for (const std::string& name : config.accept_env)
    if (!is_variable_name(name)) return bad("\"" + visible(name) + "\" is no variable's name");
  if (const auto problem = user_name_problem(config.user))
    return bad("the user \"" + visible(config.user) + "\" " + *problem);
  return {};
}

}  // namespace

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9');
  });
}

bool is_given_to_logins(std::string_view name, std::string_view value) {
  return is_variable_name(name) && !is_left_out(name) &&
         value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string environment_file(const Environ& env) {
  std::string text;
  for (const auto& [name, value] : env)
    if (is_given_to_logins(name, value)) text.append(name).append("=").append(value).append("\n");
  return text;
}

Result<std::string> render_sshd_config(const SshdConfig& config) {
  DT_TRY(check(config));
  std::string text = "# Written by dtenv, for sshd -f; the image's own sshd_config is not read.\n";
  const auto add = [&](std::string_view key, std::string_view value) {
    text += std::string(key) + " " + std::string(value) + "\n";
  };
  add("Port", std::to_string(config.port));
  for (const std::string& address : config.listen) add("ListenAddress", address);
  for (const std::string& path : config.host_keys) add("HostKey", path);
  for (const std::string& path : config.host_certificates) add("HostCertificate", path);
  add("PidFile", config.pid_file);
  add("AllowUsers", config.user);
  add("PermitRootLogin", config.user == "root" ? "prohibit-password" : "no");
  add("AuthenticationMethods", "publickey");
  add("PubkeyAuthentication", "yes");
  add("PasswordAuthentication", "no");
  add("KbdInteractiveAuthentication", "no");
  add("AuthorizedKeysFile", ".ssh/authorized_keys");
  add("StrictModes", "yes");
  add("UsePAM", "no");
  add("PermitUserEnvironment", config.env_in_file ? "yes" : "no");
  add("DisableForwarding", "yes");
  add("PrintMotd", "no");
  add("UseDNS", "no");
  add("LoginGraceTime", "30");
  // A launcher dials from every node at once; 1024 and above misbehave in OpenSSH 8.9.
  add("MaxStartups", "500:30:1000");
  add("MaxSessions", "100");
  add("ClientAliveInterval", "30");
  add("ClientAliveCountMax", "4");
  add("LogLevel", "VERBOSE");
  add("Subsystem", "sftp internal-sftp");
  if (!config.accept_env.empty()) add("AcceptEnv", join(config.accept_env, " "));
  return config.env_in_file ? text : text + set_env_line(config.set_env);
}

}  // namespace dtenv
