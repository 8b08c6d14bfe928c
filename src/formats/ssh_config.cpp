#include "formats/ssh_config.hpp"

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "base/text_writer.hpp"
#include "formats/host_name.hpp"
#include "formats/managed_block.hpp"
#include "formats/name_index.hpp"
#include "formats/sshd_config.hpp"

namespace dtenv {

namespace {

/// A host of either list, without a copy.
struct View {
  std::string_view name;
  std::string_view address;
  std::string_view user;
  int port;
};

inline View view(const SshConfigHost& host) {
  return {host.name, host.address, host.user, host.port};
}

inline View view(const HostEntry& host) {
  View seen{host.name, host.name, host.user.empty() ? "root" : std::string_view(host.user),
            host.port.value_or(22)};
  for (const auto& [key, value] : host.attributes)
    if (key == "addr") seen.address = value;
  return seen;
}

constexpr std::string_view list_of(const std::vector<SshConfigHost>&) {
  return "/nodes/";
}
constexpr std::string_view list_of(const std::vector<HostEntry>&) {
  return "/hosts/";
}

template <class Hosts>
Error bad(const Hosts& hosts, std::size_t index, std::string_view name, std::string problem) {
  Problem detail{std::string(list_of(hosts)) + std::to_string(index), 0, 0, problem, ""};
  return {Status::config,
          "ssh config: \"" + visible(name) + "\" " + std::move(problem),
          {std::move(detail)}};
}

bool is_same(std::string_view one, std::string_view other) {
  return one.data() == other.data() || one == other;
}

/// Of a name that has been checked: ASCII.
bool has_capitals(std::string_view text) {
  if (text.size() >= 8 && text.size() <= 16) {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::memcpy(&first, text.data(), 8);
    std::memcpy(&last, text.data() + text.size() - 8, 8);
    const std::uint64_t found = bytes_among(first, 'A', 'Z') | bytes_among(last, 'A', 'Z');
    return (found & 0x8080808080808080U) != 0;
  }
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// Looks at each host once, in their order.
template <class Hosts>
class HostCheck {
 public:
  explicit HostCheck(const Hosts& hosts) : hosts_(hosts) {}

  /// Nothing is wrong with it: told without a word, since there are 100,000 of them.
  bool passes(const View& host) {
    const bool same_user = had_one_ && is_same(host.user, user_);
    if (!is_plain_host_name(host.name) && host_name_problem(host.name)) return false;
    if (host.address.data() != host.name.data() && host_name_problem(host.address)) return false;
    if (!same_user && user_name_problem(host.user)) return false;
    if (host.port < 1 || host.port > 65535) return false;
    had_one_ = true;
    user_ = host.user;
    // ssh matches the patterns of Host without regard to case.
    const auto name_of = [&](std::size_t k) { return lower(hosts_[k].name); };
    if (!has_capitals(host.name)) return names_.add_new(host.name, name_of);
    return names_.add_new(lower(host.name), name_of);
  }
  /// Of one that did not pass.
  Error error(std::size_t i, const View& host) const {
    if (const auto problem = host_name_problem(host.name))
      return bad(hosts_, i, host.name, *problem);
    if (const auto problem = host_name_problem(host.address))
      return bad(hosts_, i, host.address, *problem);
    if (const auto problem = user_name_problem(host.user))
      return bad(hosts_, i, host.user, *problem);
    if (host.port < 1 || host.port > 65535)
      return bad(hosts_, i, host.name, "has a port beyond 1 to 65535");
    return bad(hosts_, i, host.name, "stands there twice");
  }

 private:
  const Hosts& hosts_;
  NameIndex names_;
  std::string_view user_;  // of the host before, which most have too
  bool had_one_ = false;
};

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
  if (!options.above_others) return text;
  add(text, "PubkeyAuthentication", "yes");
  add(text, "AddressFamily", "any");
  add(text, "ControlMaster", "no");
  add(text, "ControlPath", "none");
  add(text, "ClearAllForwardings", "yes");
  add(text, "PermitLocalCommand", "no");
  add(text, "RequestTTY", "auto");
  return text;
}

/// Hosts that stand side by side, as many as one Host line takes, and what they have alike.
struct Group {
  std::size_t end = 0;
  bool same_port = true;
  bool same_user = true;
  bool has_bare = false;  // one whose name is its address
};

/// OpenSSH before 7.9 reads lines of 1023 bytes.
template <class Hosts>
Group group_from(const Hosts& hosts, std::size_t begin) {
  constexpr std::size_t longest = 1000;
  Group group;
  const View first = view(hosts[begin]);
  std::size_t size = 0;
  for (group.end = begin; group.end < hosts.size(); ++group.end) {
    const View host = view(hosts[group.end]);
    size += 1 + host.name.size();
    if (size > longest && group.end > begin) break;
    group.same_port = group.same_port && host.port == first.port;
    group.same_user = group.same_user && is_same(host.user, first.user);
    group.has_bare = group.has_bare || is_same(host.address, host.name);
  }
  return group;
}

/// What is one host's own; nothing where there is none. Under which name its key is looked up need
/// not be said where that is all that ssh knows of it, and no other lines can say more.
void add_own_lines(TextWriter& text, const View& host, const Group& group,
                   const SshConfigOptions& options) {
  const bool bare = is_same(host.address, host.name);
  const bool alias = !options.known_hosts_file.empty() &&
                     (!bare || host.port != 22 || options.above_others || has_capitals(host.name));
  if (bare && group.same_port && group.same_user && !alias) return;
  text.put("Host ").put(host.name).put("\n");
  if (!bare) text.put("    Hostname ").put(host.address).put("\n");
  if (!group.same_port) text.put("    Port ").put(host.port).put("\n");
  if (!group.same_user) text.put("    User ").put(host.user).put("\n");
  if (alias) text.put("    HostKeyAlias ").put(host.name).put("\n");
}

/// Each host with what is its own, and behind every group of them one block with what all of the
/// group have alike: ssh takes each value where it finds it first, and reads all of it at each
/// login.
template <class Hosts>
Result<std::string> host_lines(const Hosts& hosts, const SshConfigOptions& options) {
  const std::string shared = shared_lines(options);
  constexpr std::size_t own = 100;  // of a host with names of usual length
  TextWriter text(hosts.size() * own + shared.size() * (1 + hosts.size() / 32));
  HostCheck check(hosts);
  for (std::size_t begin = 0; begin < hosts.size();) {
    const Group group = group_from(hosts, begin);
    for (std::size_t i = begin; i < group.end; ++i) {
      const View host = view(hosts[i]);
      if (!check.passes(host)) return check.error(i, host);
      add_own_lines(text, host, group, options);
    }
    const View first = view(hosts[begin]);
    text.put("Host");
    for (; begin < group.end; ++begin) text.put(" ").put(hosts[begin].name);
    if (group.has_bare) text.put("\n    Hostname %h");
    if (group.same_port) text.put("\n    Port ").put(first.port);
    if (group.same_user) text.put("\n    User ").put(first.user);
    text.put("\n").put(shared);
  }
  return text.take();
}

template <class Hosts>
Result<std::string> render(const Hosts& hosts, const SshConfigOptions& options) {
  DT_TRY(check_file("the identity file", options.identity_file));
  DT_TRY(check_file("the known_hosts file", options.known_hosts_file));
  for (const std::string& name : options.send_env)
    if (!is_variable_name(name))
      return Error{Status::config, "ssh config: \"" + visible(name) + "\" is no variable's name"};
  return host_lines(hosts, options);
}

}  // namespace

Result<std::string> render_ssh_config(const std::vector<SshConfigHost>& hosts,
                                      const SshConfigOptions& options) {
  return render(hosts, options);
}

Result<std::string> render_ssh_config(const std::vector<HostEntry>& hosts,
                                      const SshConfigOptions& options) {
  return render(hosts, options);
}

Result<std::string> render_ssh_config_block(const std::vector<SshConfigHost>& hosts,
                                            const SshConfigOptions& options) {
  SshConfigOptions first = options;
  first.above_others = true;
  DT_TRY_ASSIGN(std::string block, render_ssh_config(hosts, first));
  // Lines at the top of the user's own file are for every host: they must not fall under our last.
  return std::move(block) + "Host *\n";
}

Result<std::string> merge_ssh_config(std::string_view text, const std::vector<SshConfigHost>& hosts,
                                     const SshConfigOptions& options, std::string_view tag) {
  DT_TRY_ASSIGN(const std::string block, render_ssh_config_block(hosts, options));
  return with_block(text, tag, block, BlockPlace::first);
}

}  // namespace dtenv
