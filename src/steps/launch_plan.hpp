#pragma once

#include <optional>
#include <string>

#include "steps/launch.hpp"
#include "steps/launch_order.hpp"

namespace dtenv {

// The pure decisions of a launch.

/// The node whose container starts it: the document's `head`, else the first node.
std::string launch_head(const Launch::Config& config, const Cluster<Launch::Facts>& cluster);

/// 12 hex digits: equal for the same command on the same containers, so that a run is found again.
std::string launch_id(const Launch::Config& config, const Cluster<Launch::Facts>& cluster);

/// The latest attempt of that run: of an engine begun on each node it runs while one of them does,
/// and has failed if one of them has.
std::optional<Launch::Run> last_run(const Launch::Config& config,
                                    const Cluster<Launch::Facts>& cluster, const std::string& id);
int attempt_of(const Launch::Run& run);

/// Whether each node's part is begun by ourselves.
bool begins_on_each_node(const Launch::Config& config);

/// "script on V100-1, 2 nodes": known before anything is installed.
std::string launch_summary(const Launch::Config& config, const Cluster<Launch::Facts>& cluster);
/// What runs, for people: "bash start.sh", "smoke test".
std::string show_launch(const Launch::Config& config);
/// The smoke test's own program, for Python.
Argv smoke_command();

/// The exact words and variables for each node, and which node has which rank.
Result<void> fill_command(const Launch::Config& config, const Cluster<Launch::Facts>& cluster,
                          LaunchOrder& order);

}  // namespace dtenv
