#pragma once

#include <map>
#include <string>

#include "steps/key_exchange.hpp"

namespace dtenv {

/// What the shared files of one container must be once every container has its keys. Pure.
struct WantedKeyFiles {
  std::string sshd_config;
  std::string authorized_keys;  ///< merged: foreign lines kept
  std::string known_hosts;      ///< ours alone
  std::string ssh_config;       ///< merged: foreign lines kept, our block first
};

/// CONFIG where a file there cannot be merged (a block of ours was edited by hand).
Result<WantedKeyFiles> wanted_key_files(const KeyExchange::Config& config,
                                        const Cluster<KeyExchange::Facts>& cluster,
                                        const Node& node, const KeyExchange::Facts& facts,
                                        const std::string& tag);

/// sshd's address on that node: the document's, else the node's own where the container has it,
/// else empty: every address.
std::string sshd_address(const KeyExchange::Config& config, const Node& node,
                         const KeyExchange::Facts& facts);

/// The text without our block: what destroy leaves. CONFIG where the block was edited by hand.
Result<std::string> without_our_block(const std::string& text, const std::string& tag);

}  // namespace dtenv
