#include "steps/launch_peers.hpp"

#include <algorithm>

namespace dtenv {

std::vector<std::vector<std::size_t>> probe_groups(std::size_t nodes) {
  const std::size_t count = (nodes + probe_group - 1) / probe_group;
  std::vector<std::vector<std::size_t>> groups(count > 1 ? 2 * count : count);
  for (std::size_t i = 0; i < nodes; ++i) {
    groups[i * count / nodes].push_back(i);
    if (count > 1) groups[count + i % count].push_back(i);
  }
  return groups;
}

std::vector<const Node*> some_peers(const std::vector<Node>& nodes, const Node& self) {
  const auto own = std::find_if(nodes.begin(), nodes.end(),
                                [&](const Node& node) { return node.name == self.name; });
  const auto at = static_cast<std::size_t>(own - nodes.begin());
  const std::size_t others = nodes.size() - (own == nodes.end() ? 0 : 1);
  const std::size_t wanted = std::min(others, probe_group);
  std::vector<const Node*> peers;
  for (std::size_t i = 0; i < wanted; ++i)
    peers.push_back(&nodes[(at + 1 + i * others / wanted) % nodes.size()]);
  return peers;
}

}  // namespace dtenv
