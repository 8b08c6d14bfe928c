#pragma once

#include <optional>
#include <string>

#include "steps/key_exchange.hpp"

namespace dtenv {

// The roles of the files in Facts::files: "user_key" and "host_key" (public halves),
// "user_certificate", "host_certificate", "sshd_config", "issued" (what the head's authorities
// certified), "authorized_keys", "known_hosts", "ssh_config", "environment".

/// What the shared files of one place must be once every node has its keys. Pure.
struct WantedKeyFiles {
  std::string sshd_config;
  std::string authorized_keys;  ///< merged: foreign lines kept
  std::string known_hosts;      ///< ours alone; empty, as ssh_config, where nobody logs in from
  std::string ssh_config;       ///< merged: foreign lines kept, our block first
  std::optional<std::string> environment;  ///< where sshd has no SetEnv; merged
  std::string user_certificate;            ///< empty: none is wanted, or none is there yet
  std::string host_certificate;
};

/// Marks what is ours in shared files.
constexpr std::string_view key_block_tag = "key_exchange";

/// CONFIG where a file there cannot be merged (a block of ours was edited by hand).
Result<WantedKeyFiles> wanted_key_files(const KeyExchange::Config& config,
                                        const Cluster<KeyExchange::Facts>& cluster,
                                        const Node& node, const KeyExchange::Facts& facts);

/// sshd's address on that node: the document's, else the node's own where the container has it,
/// else empty: every address.
std::string sshd_address(const KeyExchange::Config& config, const Node& node,
                         const KeyExchange::Facts& facts);

/// Whether that node has a key to log in with: in a star the first alone.
bool logs_in(const KeyExchange::Config& config, const Cluster<KeyExchange::Facts>& cluster,
             const Node& node);

/// The file's text by its role; empty where there is none.
std::string key_file(const KeyExchange::Facts& facts, const std::string& role);

}  // namespace dtenv
