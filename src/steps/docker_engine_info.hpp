#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/json_tree.hpp"

namespace dtenv {

namespace json = boost::json;

/// What of GET /info tells whether a daemon.json is in force.
struct EngineInfo {
  std::string version;
  std::vector<std::string> mirrors;             ///< as dockerd stores them, "/" at the end
  std::map<std::string, std::string> runtimes;  ///< name → path
  std::string default_runtime;
  std::vector<std::string> insecure;  ///< registries and networks
  bool live_restore = false;
  bool swarm = false;
  int running = 0;
};

EngineInfo read_engine_info(const json::value& info);

/// What the daemon does not have as the file says, each as a sentence; empty: the file is in force,
/// as far as /info shows it. `keys` empty: every key it can show.
std::vector<std::string> not_in_force(const JsonNode& file, const EngineInfo& info,
                                      const std::vector<std::string>& keys = {});

}  // namespace dtenv
