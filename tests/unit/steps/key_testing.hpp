#pragma once

#include "base/digest.hpp"
#include "steps/key_exchange.hpp"
#include "steps/key_files.hpp"
#include "unit/steps/step_testing.hpp"

/// Machines of a key exchange, as the step finds them and as it leaves them.
namespace dtenv {

inline std::string ed25519(char fill) {
  const std::string type("\0\0\0\x0bssh-ed25519", 15);
  return "ssh-ed25519 " + base64(type + std::string("\0\0\0\x20", 4) + std::string(32, fill));
}

inline KeyExchange::Facts bare() {
  KeyExchange::Facts facts;
  facts.place = "glm";
  return facts;
}

/// A container with its own keys and sshd, before the others' public halves are there.
inline KeyExchange::Facts with_keys(const Node& node, char fill) {
  KeyExchange::Facts facts = bare();
  facts.running = true;
  facts.env = {{"PATH", "/opt/conda/bin:/usr/bin"}, {"HOME", "/root"}};
  facts.cluster = "glm";
  facts.user = "root";
  facts.owner = "0:0";
  facts.home = "/root";
  facts.openssh = 902;
  facts.port = node.container_ssh_port;
  facts.addresses = {"127.0.0.1", node.address};
  facts.files["user_key"] = {ed25519(fill) + " dtenv-glm-" + node.name + ".g1\n", "644"};
  facts.files["host_key"] = {
      ed25519(static_cast<char>(fill + 1)) + " dtenv-glm-" + node.name + ".g1\n", "644"};
  facts.key_mode = "600";
  facts.sshd_running = true;
  return facts;
}

using Two = std::vector<KeyExchange::Facts>;

inline std::string whole(std::string_view role, const WantedUserFile& wanted) {
  return user_file_text(role, wanted.own, wanted.common.get());
}

/// What apply() would write.
inline std::string written(const Change& change) {
  const std::string own = change.payload.substr(change.payload.find('\n') + 1);
  return user_file_text(change.resource.substr(change.resource.find(':') + 1), own,
                        change.common.get());
}

/// Both machines as apply() leaves them.
inline Two converged(const KeyExchange::Config& config, const std::vector<Node>& nodes) {
  Two facts = {with_keys(nodes[0], 'a'), with_keys(nodes[1], 'm')};
  const auto cluster = cluster_of(nodes, facts);
  KeyFiles files(config, cluster);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const auto wanted = files.wanted(nodes[i], facts[i]);
    REQUIRE(wanted);
    facts[i].files["sshd_config"] = {wanted->sshd_config, "600"};
    facts[i].files["authorized_keys"] = {whole("authorized_keys", wanted->authorized_keys), "600"};
    facts[i].files["known_hosts"] = {whole("known_hosts", *wanted->known_hosts), "600"};
    facts[i].files["ssh_config"] = {whole("ssh_config", *wanted->ssh_config), "600"};
    facts[i].logins = {{"V100-1", "ok"}, {"V100-2", "ok"}};
  }
  return facts;
}

}  // namespace dtenv
