#include "steps/launch_peers.hpp"

#include <algorithm>
#include <set>

#include "unit/steps/step_testing.hpp"

using namespace dtenv;

TEST_SUITE("Launch peers") {
  TEST_CASE("few nodes try every pair, many are in two groups of at most 64") {
    CHECK(probe_groups(0).empty());
    for (const std::size_t count : {1, 2, 63, 64}) {
      const auto groups = probe_groups(count);
      REQUIRE(groups.size() == 1);
      CHECK(groups[0].size() == count);
    }
    for (const std::size_t count : {65, 128, 1000, 4096, 5000}) {
      std::vector<int> times(count);
      std::vector<std::set<std::size_t>> met(count);
      for (const auto& group : probe_groups(count)) {
        CHECK(group.size() <= 64);
        CHECK(group.size() > 1);
        for (const std::size_t node : group) {
          ++times[node];
          met[node].insert(group.begin(), group.end());
        }
      }
      CHECK(std::all_of(times.begin(), times.end(), [](int n) { return n == 2; }));
      const auto fewest = std::min_element(met.begin(), met.end(),
                                           [](auto& a, auto& b) { return a.size() < b.size(); });
      CHECK(fewest->size() >= 33);
    }
  }

  TEST_CASE("the peers of a node are all others, or 64 from everywhere") {
    std::vector<Node> nodes(200);
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].name = "n" + std::to_string(i);
    for (const std::size_t own : {0, 7, 199}) {
      const auto peers = some_peers(nodes, nodes[own]);
      std::set<std::string> names;
      std::set<std::size_t> quarters;
      for (const Node* peer : peers) {
        names.insert(peer->name);
        quarters.insert(static_cast<std::size_t>(peer - nodes.data()) / 50);
      }
      CHECK(names.size() == 64);
      CHECK(names.count(nodes[own].name) == 0);
      CHECK(quarters.size() == 4);
    }
    nodes.resize(3);
    CHECK(some_peers(nodes, nodes[1]).size() == 2);
    nodes.resize(1);
    CHECK(some_peers(nodes, nodes[0]).empty());
  }
}
