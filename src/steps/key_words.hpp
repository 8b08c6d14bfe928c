#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steps/key_files.hpp"

namespace dtenv {

// What the changes of key_exchange say to people.

/// All names where they are few; else the first ones and, so that another set is another text, a
/// checksum of all.
std::string node_names(const std::vector<Node>& nodes);

/// What the changes of all machines say alike: made once.
struct KeyWords {
  std::string everybody;
  std::string keys;  ///< who may log in
};
KeyWords key_words(const KeyExchange::Config& config, const std::vector<Node>& nodes);

/// Why authorized_keys changes; `before`: as it is.
std::string why_authorized(const KeyExchange::Config& config, std::string_view before,
                           const WantedUserFile& wanted, const std::string& head);
/// Why ~/.ssh/config changes: a line of the user's own that stands above ours is named.
std::string why_ssh_config(const KeyExchange::Facts& facts);
/// Why known_hosts changes: a host key that changed is named.
std::string why_known(std::string_view before, const WantedUserFile& wanted);

}  // namespace dtenv
