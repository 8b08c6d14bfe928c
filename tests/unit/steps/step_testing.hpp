#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.hpp"
#include "steps/step.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {

/// The manual's two machines.
inline std::vector<Node> two_nodes() {
  std::vector<Node> nodes(2);
  nodes[0].name = "V100-1";
  nodes[0].address = "172.31.32.29";
  nodes[0].slots = 4;
  nodes[1].name = "V100-2";
  nodes[1].address = "172.31.32.40";
  nodes[1].slots = 4;
  nodes[1].container_ssh_port = 6002;
  return nodes;
}

/// One machine of the cluster per entry of `facts`, in order.
template <class Facts>
Cluster<Facts> cluster_of(const std::vector<Node>& nodes, const std::vector<Facts>& facts) {
  Cluster<Facts> cluster;
  cluster.nodes = &nodes;
  for (std::size_t i = 0; i < facts.size(); ++i) cluster.machines.push_back({&nodes[i], facts[i]});
  return cluster;
}

/// A step's config from its JSON, which must be good. Throws where it is not: suites call it before
/// any test runs, where doctest's own assertions would crash.
template <class S>
typename S::Config config_of(std::string_view text) {
  const JsonNode root = parse_json(text, "the step").value();
  JsonReader reader(root, text);
  auto config = S::parse(reader);
  reader.finish();
  reader.result("the step").value();
  return config;
}

/// The problems of a step's JSON, joined.
template <class S>
std::string problems_of(std::string_view text) {
  const auto root = parse_json(text, "the step");
  REQUIRE(root);
  JsonReader reader(*root, text);
  S::parse(reader);
  reader.finish();
  std::string all;
  for (const Problem& problem : reader.problems())
    all += problem.pointer + ": " + problem.problem + "\n";
  return all;
}

/// "V100-1 create file, V100-2 run x": what a plan comes to, on one line.
inline std::string brief(const Plan& plan) {
  std::string text;
  for (const Change& change : plan.changes)
    text += (text.empty() ? "" : ", ") + change.node + " " +
            std::string(action_name(change.action)) + " " + change.resource;
  return text;
}

}  // namespace dtenv
