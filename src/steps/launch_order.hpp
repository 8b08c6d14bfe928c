#pragma once

#include <map>
#include <string>
#include <vector>

#include "formats/launch_command.hpp"

namespace dtenv {

/// What plan() hands to apply(): which run, and what it executes where.
struct LaunchOrder {
  std::string id;  ///< of the run: 12 hex digits
  int attempt = 1;
  bool follow = false;  ///< it runs already
  /// What is begun: on the head alone, or on each node (torchrun, direct).
  std::vector<NodeCommand> nodes;
  bool per_node = false;
  std::vector<LaunchFile> files;                  ///< for the head
  std::map<std::string, std::string> interfaces;  ///< by node: the way to the others, where known
  std::vector<std::string> rank_hosts;  ///< which node has which rank; empty: only the engine knows
  std::string logs;                     ///< where the ranks' own files are; empty: nowhere
  bool kept = false;  ///< a keeper stands by every rank: an end that none of them had is another's
};
std::string write_order(const LaunchOrder& order);
Result<LaunchOrder> read_order(const std::string& text);

/// index.json of the logs: which rank ran where, and the files of its output there.
std::string index_text(const LaunchOrder& order);

/// The folder of the run's state in a container.
std::string run_folder(const LaunchOrder& order);

}  // namespace dtenv
