#pragma once

#include <cstddef>
#include <vector>

#include "steps/step.hpp"

namespace dtenv {

// Who asks whom, where every node asking every other would be too much.

/// Up to this many nodes every pair is tried.
constexpr std::size_t probe_group = 64;

/// Groups whose members try each other, all at the same time. Up to 64 nodes: one group of all.
/// Beyond: groups of neighbours in the document, often one switch's, then as many that have one of
/// each, so that a node is in two and no network between two parts stays untried.
std::vector<std::vector<std::size_t>> probe_groups(std::size_t nodes);

/// Up to 64 of the other nodes, evenly from all of them.
std::vector<const Node*> some_peers(const std::vector<Node>& nodes, const Node& self);

}  // namespace dtenv
