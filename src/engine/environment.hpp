#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "steps/any_step.hpp"

namespace dtenv {

/// One step of the document, ready to run.
struct StepEntry {
  std::string id;  ///< its `id`, else its kind: unique
  std::unique_ptr<AnyStep> step;
  std::vector<std::string> after;  ///< ids or kinds that come before it
  std::set<std::string> on;        ///< node names; empty: all
};

/// The environment document, read and checked: nothing in it can fail for being badly written.
struct Environment {
  std::string cluster;
  std::vector<Node> nodes;
  std::vector<StepEntry> steps;  ///< in the order they run
  std::set<std::string> allow;   ///< disruptions the owner accepts
};

/// The text as people write it (comments, trailing commas), with every problem found at once:
/// CONFIG, each with pointer, line, column and hint.
Result<Environment> parse_environment(std::string_view text);

/// The machines of a document: `nodes`, with `ssh` as the defaults of each. Problems go to the
/// reader.
std::vector<Node> parse_nodes(JsonReader& document);

/// Steps by `after` (ids or kinds), else as written. Problems go to the reader.
std::vector<StepEntry> order_steps(std::vector<StepEntry> steps, JsonReader& document);

}  // namespace dtenv
