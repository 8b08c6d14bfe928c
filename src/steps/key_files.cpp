#include "steps/key_files.hpp"

#include <algorithm>

#include "formats/authorized_keys.hpp"
#include "formats/known_hosts.hpp"
#include "formats/managed_block.hpp"
#include "formats/ssh_config.hpp"
#include "formats/sshd_config.hpp"
#include "steps/key_programs.hpp"

namespace dtenv {

namespace {

using Facts = KeyExchange::Facts;

/// Which launch a process belongs to. It goes along with every login, so that whatever a launcher
/// begins on another node carries it and a stop finds it there.
constexpr std::string_view job_variable = "DTENV_JOB";

std::string text_of(const Facts& facts, const std::string& role) {
  const auto found = facts.files.find(role);
  return found == facts.files.end() ? "" : found->second.text;
}

Error in_file(const Facts& facts, const std::string& name, Error error) {
  error.message = facts.container + ":" + facts.home + "/.ssh/" + name + ": " + error.message;
  return error;
}

Result<std::string> sshd_text(const KeyExchange::Config& config, const Node& node,
                              const Facts& facts) {
  SshdConfig sshd;
  sshd.port = node.container_ssh_port;
  const std::string address = sshd_address(config, node, facts);
  if (!address.empty()) sshd.listen.push_back(address);
  sshd.host_keys.push_back(std::string(ssh_folder) + "/ssh_host_ed25519_key");
  sshd.pid_file = sshd_pid_file;
  sshd.user = node.container_user;
  // What `docker exec` gives; the container's own name is not the login's business.
  for (const auto& item : facts.env)
    if (item.first != "HOME" && item.first != "HOSTNAME" && item.first != "TERM")
      sshd.set_env.push_back(item);
  sshd.accept_env.emplace_back(job_variable);
  return render_sshd_config(sshd);
}

/// Only keys that are there: on a bare machine the plan names them, and a later round writes them.
template <class Add>
Result<void> for_each_key(const Cluster<Facts>& cluster, const std::string& role, Add add) {
  for (const auto& machine : cluster.machines) {
    const std::string line(trim(text_of(machine.facts, role)));
    if (line.empty()) continue;
    DT_TRY_ASSIGN(PublicKey key, parse_public_key(line));
    add(*machine.node, std::move(key));
  }
  return {};
}

Result<std::string> known_hosts_text(const Cluster<Facts>& cluster) {
  std::vector<KnownHost> hosts;
  DT_TRY(for_each_key(cluster, "host_key", [&](const Node& node, PublicKey key) {
    KnownHost host;
    host.name = node.name;
    host.address = node.address;
    host.port = node.container_ssh_port;
    host.keys.push_back(std::move(key));
    hosts.push_back(std::move(host));
  }));
  return render_known_hosts(hosts);
}

Result<std::string> authorized_keys_text(const Cluster<Facts>& cluster, const Facts& facts,
                                         const std::string& tag) {
  std::vector<AuthorizedKey> keys;
  DT_TRY(for_each_key(cluster, "user_key", [&](const Node&, PublicKey key) {
    AuthorizedKey authorized;
    authorized.key = std::move(key);
    authorized.options = {"restrict", "pty"};
    keys.push_back(std::move(authorized));
  }));
  auto merged = merge_authorized_keys(text_of(facts, "authorized_keys"), keys, tag);
  if (!merged) return in_file(facts, "authorized_keys", std::move(merged).error());
  return std::move(merged->text);
}

Result<std::string> ssh_config_text(const Cluster<Facts>& cluster, const Facts& facts,
                                    const std::string& tag) {
  std::vector<SshConfigHost> hosts;
  for (const Node& node : *cluster.nodes) {
    SshConfigHost host;
    host.name = node.name;
    host.address = node.address.empty() ? "127.0.0.1" : node.address;
    host.port = node.container_ssh_port;
    host.user = node.container_user;
    hosts.push_back(std::move(host));
  }
  SshConfigOptions options;
  options.identity_file = "~/.ssh/id_dtenv";
  options.known_hosts_file = "~/.ssh/known_hosts_dtenv";
  options.send_env.emplace_back(job_variable);
  auto merged = merge_ssh_config(text_of(facts, "ssh_config"), hosts, options, tag);
  if (!merged) return in_file(facts, "config", std::move(merged).error());
  return merged;
}

}  // namespace

std::string sshd_address(const KeyExchange::Config& config, const Node& node, const Facts& facts) {
  if (!config.listen.empty()) return config.listen;
  const bool has_it = std::find(facts.addresses.begin(), facts.addresses.end(), node.address) !=
                      facts.addresses.end();
  return has_it ? node.address : "";
}

Result<WantedKeyFiles> wanted_key_files(const KeyExchange::Config& config,
                                        const Cluster<Facts>& cluster, const Node& node,
                                        const Facts& facts, const std::string& tag) {
  WantedKeyFiles wanted;
  DT_TRY_ASSIGN(wanted.sshd_config, sshd_text(config, node, facts));
  DT_TRY_ASSIGN(wanted.authorized_keys, authorized_keys_text(cluster, facts, tag));
  DT_TRY_ASSIGN(wanted.known_hosts, known_hosts_text(cluster));
  DT_TRY_ASSIGN(wanted.ssh_config, ssh_config_text(cluster, facts, tag));
  return wanted;
}

Result<std::string> without_our_block(const std::string& text, const std::string& tag) {
  return without_block(text, tag);
}

}  // namespace dtenv
