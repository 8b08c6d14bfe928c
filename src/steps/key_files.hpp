#pragma once

#include <memory>
#include <optional>
#include <string>

#include "steps/key_exchange.hpp"

namespace dtenv {

// The roles of the files in Facts::files: "user_key" and "host_key" (public halves),
// "user_certificate", "host_certificate", "sshd_config", "issued" (what the head's authorities
// certified), "authorized_keys", "known_hosts", "ssh_config", "environment".

/// A file of ~/.ssh as it must be: `own` is what a place has for itself (foreign lines, the markers
/// of our block), `common` what all places have alike.
struct WantedUserFile {
  std::string own;
  SharedText common;
  std::string sha256;  ///< of `common` where that is the whole file
};

/// What the shared files of one place must be once every node has its keys. Pure.
struct WantedKeyFiles {
  std::string sshd_config;
  WantedUserFile authorized_keys;  ///< merged: foreign lines kept
  std::optional<WantedUserFile>
      known_hosts;                           ///< ours alone; like ssh_config only where one logs in
  std::optional<WantedUserFile> ssh_config;  ///< merged: foreign lines kept, our block first
  std::optional<std::string> environment;    ///< where sshd has no SetEnv; merged
  std::string user_certificate;              ///< empty: none is wanted, or none is there yet
  std::string host_certificate;
};

/// Marks what is ours in shared files.
constexpr std::string_view key_block_tag = "key_exchange";

/// The wanted files of a whole cluster, one place after the other: what they have alike is made
/// once.
class KeyFiles {
 public:
  KeyFiles(const KeyExchange::Config& config, const Cluster<KeyExchange::Facts>& cluster);
  ~KeyFiles();
  KeyFiles(const KeyFiles&) = delete;
  KeyFiles& operator=(const KeyFiles&) = delete;

  /// CONFIG where a file there cannot be merged (a block of ours was edited by hand).
  Result<WantedKeyFiles> wanted(const Node& node, const KeyExchange::Facts& facts);

 private:
  struct Common;
  std::unique_ptr<Common> common_;
};

/// The file's whole text, as it is to be written under that role.
std::string user_file_text(std::string_view role, const std::string& own,
                           const std::string* common);

/// Whether a place has the file as it must be, and nobody else may read it.
bool has_user_file(const KeyExchange::Facts& facts, const std::string& role,
                   const WantedUserFile& wanted);

/// sshd's address on that node: the document's, else the node's own where the container has it,
/// else empty: every address.
std::string sshd_address(const KeyExchange::Config& config, const Node& node,
                         const KeyExchange::Facts& facts);

/// Whether that node has a key to log in with: in a star the first alone.
bool logs_in(const KeyExchange::Config& config, const Cluster<KeyExchange::Facts>& cluster,
             const Node& node);

/// The file's text by its role; empty where there is none. Of a large file what a place has for
/// itself: see KeyExchange::File.
std::string key_file(const KeyExchange::Facts& facts, const std::string& role);

}  // namespace dtenv
