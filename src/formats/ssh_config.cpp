#include "formats/ssh_config.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "formats/host_name.hpp"
#include "formats/managed_block.hpp"
#include "formats/name_index.hpp"
#include "formats/sshd_config.hpp"

namespace dtenv {

namespace {

Error bad(std::size_t index, const std::string& name, std::string problem) {
  Problem detail{"/nodes/" + std::to_string(index), 0, 0, problem, ""};
  return {Status::config,
          "ssh config: \"" + visible(name) + "\" " + std::move(problem),
          {std::move(detail)}};
}

Result<void> check(const std::vector<SshConfigHost>& hosts) {
  NameIndex names;
  names.reserve(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const SshConfigHost& host = hosts[i];
    if (const auto problem = host_name_problem(host.name)) return bad(i, host.name, *problem);
    if (const auto problem = host_name_problem(host.address)) return bad(i, host.address, *problem);
    if (const auto problem = user_name_problem(host.user)) return bad(i, host.user, *problem);
    if (host.port < 1 || host.port > 65535)
      return bad(i, host.name, "has a port beyond 1 to 65535");
    // ssh matches the patterns of Host without regard to case.
    const std::string key = lower(host.name);
    const auto is_called = [&](std::size_t k) { return lower(hosts[k].name) == key; };
    if (names.find(key, is_called) != NameIndex::npos)
      return bad(i, host.name, "stands there twice");
    names.add(key, i);
  }
  return {};
}

/// ssh splits its values at blanks and expands % and ~.
Result<void> check_file(std::string_view what, std::string_view path) {
  const bool sound = std::all_of(path.begin(), path.end(), [](char c) {
    return c > ' ' && c != '"' && c != '\'' && c != '\\' && c != '%' && c != '\x7f';
  });
  if (sound) return {};
  return Error{Status::config, "ssh config: " + std::string(what) + " \"" + visible(path) +
                                   "\" has a byte that ssh would expand or split at"};
}

void add(std::string& text, std::string_view key, std::string_view value) {
  text.append("    ").append(key).append(" ").append(value).append("\n");
}

/// What every host has alike.
std::string shared_lines(const SshConfigOptions& options) {
  std::string text;
  if (!options.identity_file.empty()) {
    add(text, "IdentityFile", options.identity_file);
    add(text, "IdentitiesOnly", "yes");
    add(text, "IdentityAgent", "none");
  }
  if (!options.known_hosts_file.empty()) {
    add(text, "UserKnownHostsFile", options.known_hosts_file);
    add(text, "GlobalKnownHostsFile", "/dev/null");
    add(text, "UpdateHostKeys", "no");
  }
  add(text, "StrictHostKeyChecking", "yes");
  add(text, "CheckHostIP", "no");
  add(text, "PreferredAuthentications", "publickey");
  add(text, "BatchMode", "yes");
  add(text, "ProxyCommand", "none");
  add(text, "ForwardAgent", "no");
  add(text, "ForwardX11", "no");
  if (!options.send_env.empty()) add(text, "SendEnv", join(options.send_env, " "));
  add(text, "ConnectTimeout", std::to_string(options.connect_timeout_s));
  add(text, "ServerAliveInterval", "15");
  add(text, "ServerAliveCountMax", "4");
  return text;
}

/// Each host with what is its own, and behind every group of them one block for all of the group:
/// ssh takes each value where it finds it first. OpenSSH before 7.9 reads lines of 1023 bytes.
std::string host_lines(const std::vector<SshConfigHost>& hosts, const SshConfigOptions& options) {
  const std::string shared = shared_lines(options);
  constexpr std::size_t longest_group = 1000;
  constexpr std::size_t own = 140;  // of a host with names of usual length
  std::string text;
  text.reserve(hosts.size() * own + shared.size() * (1 + hosts.size() / 32));
  std::string group = "Host";
  const auto end_group = [&] {
    if (group.size() > 4) text.append(group).append("\n").append(shared);
    group.resize(4);
  };
  for (const SshConfigHost& host : hosts) {
    if (group.size() + 1 + host.name.size() > longest_group) end_group();
    group.append(" ").append(host.name);
    text.append("Host ").append(host.name).append("\n");
    add(text, "Hostname", host.address);
    add(text, "Port", std::to_string(host.port));
    add(text, "User", host.user);
    if (!options.known_hosts_file.empty()) add(text, "HostKeyAlias", host.name);
  }
  end_group();
  return text;
}

}  // namespace

Result<std::string> render_ssh_config(const std::vector<SshConfigHost>& hosts,
                                      const SshConfigOptions& options) {
  DT_TRY(check(hosts));
  DT_TRY(check_file("the identity file", options.identity_file));
  DT_TRY(check_file("the known_hosts file", options.known_hosts_file));
  for (const std::string& name : options.send_env)
    if (!is_variable_name(name))
      return Error{Status::config, "ssh config: \"" + visible(name) + "\" is no variable's name"};
  return host_lines(hosts, options);
}

Result<std::string> render_ssh_config_block(const std::vector<SshConfigHost>& hosts,
                                            const SshConfigOptions& options) {
  DT_TRY_ASSIGN(std::string block, render_ssh_config(hosts, options));
  // Lines at the top of the user's own file are for every host: they must not fall under our last.
  return std::move(block) + "Host *\n";
}

Result<std::string> merge_ssh_config(std::string_view text, const std::vector<SshConfigHost>& hosts,
                                     const SshConfigOptions& options, std::string_view tag) {
  DT_TRY_ASSIGN(const std::string block, render_ssh_config_block(hosts, options));
  return with_block(text, tag, block, BlockPlace::first);
}

}  // namespace dtenv
