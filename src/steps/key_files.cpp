#include "steps/key_files.hpp"

#include <algorithm>
#include <optional>

#include "formats/authorized_keys.hpp"
#include "formats/known_hosts.hpp"
#include "formats/managed_block.hpp"
#include "formats/ssh_config.hpp"
#include "formats/sshd_config.hpp"
#include "steps/key_authority.hpp"
#include "steps/key_programs.hpp"

namespace dtenv {

namespace {

using Facts = KeyExchange::Facts;

/// Which launch a process belongs to. It goes along with every login, so that whatever a launcher
/// begins on another node carries it and a stop finds it there.
constexpr std::string_view job_variable = "DTENV_JOB";

Error in_file(const Facts& facts, const std::string& name, Error error) {
  error.message = facts.place + ":" + facts.home + "/.ssh/" + name + ": " + error.message;
  return error;
}

bool lacks_set_env(const Facts& facts) {
  return facts.openssh > 0 && facts.openssh < 708;
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
  if (config.trust == KeyExchange::Trust::ca)
    sshd.host_certificates.emplace_back(host_certificate_file);
  sshd.env_in_file = lacks_set_env(facts);
  sshd.set_env = facts.env;
  sshd.accept_env.emplace_back(job_variable);
  return render_sshd_config(sshd);
}

/// The key a node has, under that role: on a bare machine there is none yet, and a later round has
/// it.
Result<std::optional<PublicKey>> key_of(const Facts& facts, const std::string& role) {
  const std::string line(trim(key_file(facts, role)));
  if (line.empty()) return std::optional<PublicKey>();
  DT_TRY_ASSIGN(PublicKey key, parse_public_key(line));
  return std::optional<PublicKey>(std::move(key));
}

int port_of(const Node& node, const Facts& facts) {
  return facts.port > 0 ? facts.port : node.container_ssh_port;
}

KnownHost known_host(const Facts& facts, const Node& node, PublicKey key) {
  KnownHost host;
  host.name = node.name;
  host.address = node.address;
  host.port = port_of(node, facts);
  host.keys.push_back(std::move(key));
  return host;
}

/// Host keys are pinned one by one, or by the authority that certified them all.
Result<std::string> known_hosts_text(const KeyExchange::Config& config,
                                     const Cluster<Facts>& cluster, const Issued& issued) {
  std::vector<KnownHost> hosts;
  const bool certified = config.trust == KeyExchange::Trust::ca && !config.machine;
  if (certified && issued.host_authority) {
    for (const auto& machine : cluster.machines) {
      hosts.push_back(known_host(machine.facts, *machine.node, *issued.host_authority));
      hosts.back().authority = true;
    }
  }
  if (!certified) {
    for (const auto& machine : cluster.machines) {
      DT_TRY_ASSIGN(auto key, key_of(machine.facts, "host_key"));
      if (key) hosts.push_back(known_host(machine.facts, *machine.node, std::move(*key)));
    }
  }
  return render_known_hosts(hosts);
}

/// An option its sshd does not know makes it drop the whole line: `restrict` came with 7.2.
std::vector<std::string> key_options(const KeyExchange::Config& config, const Facts& facts) {
  std::vector<std::string> options = {"restrict", "pty"};
  if (facts.openssh > 0 && facts.openssh < 702)
    options = {"no-agent-forwarding", "no-port-forwarding", "no-X11-forwarding", "no-user-rc"};
  if (!config.from.empty()) options.push_back("from=\"" + join(config.from, ",") + "\"");
  return options;
}

Result<std::string> authorized_keys_text(const KeyExchange::Config& config,
                                         const Cluster<Facts>& cluster, const Facts& facts,
                                         const Issued& issued) {
  std::vector<AuthorizedKey> keys;
  const std::vector<std::string> options = key_options(config, facts);
  if (config.trust == KeyExchange::Trust::ca && issued.user_authority) {
    AuthorizedKey authority{*issued.user_authority, options};
    authority.options.emplace_back("cert-authority");
    authority.options.push_back("principals=\"" + cluster_principal(facts) + "\"");
    keys.push_back(std::move(authority));
  }
  if (config.trust != KeyExchange::Trust::ca) {
    for (const auto& machine : cluster.machines) {
      if (!logs_in(config, cluster, *machine.node)) continue;
      DT_TRY_ASSIGN(auto key, key_of(machine.facts, "user_key"));
      if (key) keys.push_back({std::move(*key), options});
    }
  }
  auto merged = merge_authorized_keys(key_file(facts, "authorized_keys"), keys, key_block_tag);
  if (!merged) return in_file(facts, "authorized_keys", std::move(merged).error());
  return std::move(merged->text);
}

Result<std::string> ssh_config_text(const Cluster<Facts>& cluster, const Facts& facts) {
  std::vector<SshConfigHost> hosts;
  for (const auto& machine : cluster.machines) {
    const Node& node = *machine.node;
    SshConfigHost host;
    host.name = node.name;
    host.address = node.address.empty() ? "127.0.0.1" : node.address;
    host.port = port_of(node, machine.facts);
    host.user = machine.facts.user.empty() ? node.container_user : machine.facts.user;
    hosts.push_back(std::move(host));
  }
  SshConfigOptions options;
  options.identity_file = "~/.ssh/id_dtenv";
  options.known_hosts_file = "~/.ssh/known_hosts_dtenv";
  options.send_env.emplace_back(job_variable);
  auto merged = merge_ssh_config(key_file(facts, "ssh_config"), hosts, options, key_block_tag);
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

bool logs_in(const KeyExchange::Config& config, const Cluster<Facts>& cluster, const Node& node) {
  return config.trust != KeyExchange::Trust::star || node.name == cluster.nodes->front().name;
}

std::string key_file(const Facts& facts, const std::string& role) {
  const auto found = facts.files.find(role);
  return found == facts.files.end() ? "" : found->second.text;
}

Result<WantedKeyFiles> wanted_key_files(const KeyExchange::Config& config,
                                        const Cluster<Facts>& cluster, const Node& node,
                                        const Facts& facts) {
  WantedKeyFiles wanted;
  const bool certified = config.trust == KeyExchange::Trust::ca;
  const Issued issued = certified ? read_issued(cluster) : Issued{};
  if (!config.machine) {
    DT_TRY_ASSIGN(wanted.sshd_config, sshd_text(config, node, facts));
  }
  DT_TRY_ASSIGN(wanted.authorized_keys, authorized_keys_text(config, cluster, facts, issued));
  if (logs_in(config, cluster, node)) {
    DT_TRY_ASSIGN(wanted.known_hosts, known_hosts_text(config, cluster, issued));
    DT_TRY_ASSIGN(wanted.ssh_config, ssh_config_text(cluster, facts));
  }
  if (const SshCertificate* own = issued.find(node.name, "user"))
    wanted.user_certificate = own->words + "\n";
  if (const SshCertificate* own = issued.find(node.name, "host"))
    wanted.host_certificate = own->words + "\n";
  if (!config.machine && lacks_set_env(facts)) {
    auto merged = with_block(key_file(facts, "environment"), key_block_tag,
                             environment_file(facts.env), BlockPlace::last);
    if (!merged) return in_file(facts, "environment", std::move(merged).error());
    wanted.environment = std::move(*merged);
  }
  return wanted;
}

}  // namespace dtenv
