#pragma once

#include <functional>
#include <string>

#include "host/container_host.hpp"
#include "steps/launch.hpp"
#include "steps/launch_order.hpp"

namespace dtenv {

// What a launch does in the containers of other machines than the head's, on the step's own
// connections.

/// The inside of a node's training container. `user` empty: the node's container_user.
Task<Result<ContainerHost>> enter_node(const Launch::Config& config, Target& target,
                                       const Node& node, std::string user = {});

/// Runs `work` for every node at once: a follower waits for a run's end, and a stop for its grace,
/// so no node may wait for another's. What went wrong, in the document's order.
struct NodeTroubles {
  std::vector<std::optional<Error>> errors;
  bool none() const;
};
using NodeWork = std::function<Task<Result<void>>(const Node& node)>;
Task<NodeTroubles> on_every_node(const std::vector<Node>& nodes, NodeWork work);

/// Folders, files and the choice of the interface, then the ports both ways: what observe() cannot
/// see. Every failure of every node at once.
Task<Result<void>> prepare_nodes(const Launch::Config& config, const LaunchOrder& order,
                                 Target& target);

/// Ends every process of the run on all nodes at once; each may take its grace.
Task<Result<void>> stop_everywhere(const Launch::Config& config, const LaunchOrder& order,
                                   Target& target);

}  // namespace dtenv
