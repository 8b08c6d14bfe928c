#include "steps/key_files.hpp"

#include <algorithm>
#include <map>

#include "base/digest.hpp"
#include "formats/authorized_keys.hpp"
#include "formats/known_hosts.hpp"
#include "formats/managed_block.hpp"
#include "formats/ssh_config.hpp"
#include "formats/sshd_config.hpp"
#include "steps/key_authority.hpp"
#include "steps/key_programs.hpp"

namespace dtenv {

namespace {

using Config = KeyExchange::Config;
using Facts = KeyExchange::Facts;
using Trust = KeyExchange::Trust;

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

Result<std::string> sshd_text(const Config& config, const Node& node, const Facts& facts) {
  SshdConfig sshd;
  sshd.port = node.container_ssh_port;
  const std::string address = sshd_address(config, node, facts);
  if (!address.empty()) sshd.listen.push_back(address);
  sshd.host_keys.push_back(std::string(ssh_folder) + "/ssh_host_ed25519_key");
  sshd.pid_file = sshd_pid_file;
  sshd.user = node.container_user;
  if (config.trust == Trust::ca) sshd.host_certificates.emplace_back(host_certificate_file);
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
Result<std::string> known_hosts_text(const Config& config, const Cluster<Facts>& cluster,
                                     const Issued& issued) {
  std::vector<KnownHost> hosts;
  const bool certified = config.trust == Trust::ca && !config.machine;
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
std::vector<std::string> key_options(const Config& config, const Facts& facts) {
  std::vector<std::string> options = {"restrict", "pty"};
  if (facts.openssh > 0 && facts.openssh < 702)
    options = {"no-agent-forwarding", "no-port-forwarding", "no-X11-forwarding", "no-user-rc"};
  if (!config.from.empty()) options.push_back("from=\"" + join(config.from, ",") + "\"");
  return options;
}

/// Who may log in where sshd knows these options.
Result<std::string> authorized_text(const Config& config, const Cluster<Facts>& cluster,
                                    const Issued& issued, const std::vector<std::string>& options) {
  std::vector<AuthorizedKey> keys;
  if (config.trust == Trust::ca && issued.user_authority) {
    AuthorizedKey authority{*issued.user_authority, options};
    authority.options.emplace_back("cert-authority");
    authority.options.push_back("principals=\"" +
                                cluster_principal(cluster.machines.front().facts) + "\"");
    keys.push_back(std::move(authority));
  }
  if (config.trust != Trust::ca) {
    for (const auto& machine : cluster.machines) {
      if (!logs_in(config, cluster, *machine.node)) continue;
      DT_TRY_ASSIGN(auto key, key_of(machine.facts, "user_key"));
      if (key) keys.push_back({std::move(*key), options});
    }
  }
  return render_authorized_keys(keys);
}

Result<std::string> ssh_config_text(const Cluster<Facts>& cluster) {
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
  return render_ssh_config_block(hosts, options);
}

/// A text that many places have alike.
struct Shared {
  SharedText text;
  std::string sha256;
};

Result<Shared> shared(Result<std::string> text) {
  if (!text) return std::move(text).error();
  std::string digest = sha256(*text);
  return Shared{std::make_shared<const std::string>(std::move(*text)), std::move(digest)};
}

Result<WantedUserFile> merged(const Facts& facts, const std::string& role, const std::string& name,
                              const Result<Shared>& block, BlockPlace place) {
  if (!block) return block.error();
  const auto found = facts.files.find(role);
  ManagedText text;
  if (found != facts.files.end())
    text = {found->second.text, found->second.hollow};
  else
    text.absent = true;
  auto own = with_hollow_block(text, key_block_tag, block->sha256.substr(0, 16), place);
  if (own && own->size() + block->text->size() > authorized_keys_limit)
    own = Error(Status::config, "larger than 8 MiB");
  if (!own) return in_file(facts, name, std::move(own).error());
  return WantedUserFile{std::move(*own), block->text, ""};
}

}  // namespace

struct KeyFiles::Common {
  const Config& config;
  const Cluster<Facts>& cluster;
  Issued issued;
  Result<Shared> known_hosts;
  Result<Shared> ssh_config;
  std::map<std::vector<std::string>, Result<Shared>> authorized;  ///< by the options of a line

  const Result<Shared>& authorized_keys(const Facts& facts) {
    const std::vector<std::string> options = key_options(config, facts);
    const auto found = authorized.find(options);
    if (found != authorized.end()) return found->second;
    return authorized.emplace(options, shared(authorized_text(config, cluster, issued, options)))
        .first->second;
  }
};

KeyFiles::KeyFiles(const Config& config, const Cluster<Facts>& cluster) {
  Issued issued = config.trust == Trust::ca ? read_issued(cluster) : Issued{};
  auto known_hosts = shared(known_hosts_text(config, cluster, issued));
  auto ssh_config = shared(ssh_config_text(cluster));
  common_ = std::make_unique<Common>(Common{
      config, cluster, std::move(issued), std::move(known_hosts), std::move(ssh_config), {}});
}

KeyFiles::~KeyFiles() = default;

Result<WantedKeyFiles> KeyFiles::wanted(const Node& node, const Facts& facts) {
  const Config& config = common_->config;
  WantedKeyFiles wanted;
  if (!config.machine) {
    DT_TRY_ASSIGN(wanted.sshd_config, sshd_text(config, node, facts));
  }
  DT_TRY_ASSIGN(wanted.authorized_keys, merged(facts, "authorized_keys", "authorized_keys",
                                               common_->authorized_keys(facts), BlockPlace::last));
  if (logs_in(config, common_->cluster, node)) {
    if (!common_->known_hosts) return common_->known_hosts.error();
    wanted.known_hosts =
        WantedUserFile{"", common_->known_hosts->text, common_->known_hosts->sha256};
    DT_TRY_ASSIGN(wanted.ssh_config,
                  merged(facts, "ssh_config", "config", common_->ssh_config, BlockPlace::first));
  }
  if (const SshCertificate* own = common_->issued.find(node.name, "user"))
    wanted.user_certificate = own->words + "\n";
  if (const SshCertificate* own = common_->issued.find(node.name, "host"))
    wanted.host_certificate = own->words + "\n";
  if (!config.machine && lacks_set_env(facts)) {
    auto environment =
        with_block(key_file(facts, "environment"), key_block_tag, environment_file(facts.env),
                   BlockPlace::last, facts.files.count("environment") == 0);
    if (!environment) return in_file(facts, "environment", std::move(environment).error());
    wanted.environment = std::move(*environment);
  }
  return wanted;
}

std::string user_file_text(std::string_view role, const std::string& own,
                           const std::string* common) {
  if (!common) return own;
  return role == "known_hosts" ? *common : fill_block(own, key_block_tag, *common);
}

bool has_user_file(const Facts& facts, const std::string& role, const WantedUserFile& wanted) {
  const auto found = facts.files.find(role);
  if (found == facts.files.end() || found->second.mode != "600") return false;
  const KeyExchange::File& file = found->second;
  if (!wanted.common) return file.text == wanted.own;
  if (role == "known_hosts")
    return file.sha256.empty() ? file.text == *wanted.common : file.sha256 == wanted.sha256;
  if (file.hollow) return file.text == wanted.own;
  const ManagedText seen = hollow_block(file.text, key_block_tag);
  return seen.hollow && seen.text == wanted.own;
}

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

}  // namespace dtenv
