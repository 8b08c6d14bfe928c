#pragma once

#include <string>

#include "steps/launch.hpp"

namespace dtenv {

// The pure decisions of a launch.

/// The node whose container starts it: the document's `head`, else the first node.
std::string launch_head(const Launch::Config& config, const Cluster<Launch::Facts>& cluster);

/// 12 hex digits: equal for the same command on the same containers, so that a run is found again.
std::string launch_id(const Launch::Config& config, const Cluster<Launch::Facts>& cluster);

/// The latest attempt of that run in the head's container, nullptr: none.
const Launch::Run* last_run(const Launch::Facts& facts, const std::string& id);
int attempt_of(const Launch::Run& run);

/// "script on V100-1, 2 nodes": known before anything is installed.
std::string launch_summary(const Launch::Config& config, const Cluster<Launch::Facts>& cluster);

/// CONFIG naming the path, the outlier and the first files that differ.
Result<void> check_same_paths(const Launch::Config& config, const Cluster<Launch::Facts>& cluster);
Result<void> check_same_image(const Cluster<Launch::Facts>& cluster);

/// The argv and environment for the head, and which node has which rank.
Result<void> fill_command(const Launch::Config& config, const Cluster<Launch::Facts>& cluster,
                          LaunchOrder& order);

}  // namespace dtenv
