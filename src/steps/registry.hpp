#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "steps/any_step.hpp"

namespace dtenv {

/// One kind of step. Adding a step adds one row to registry.cpp.
struct StepRow {
  std::string_view kind;
  std::unique_ptr<AnyStep> (*parse)(JsonReader& reader);
};

/// In the order of the manual.
const std::vector<StepRow>& step_registry();
/// nullptr: no such kind.
const StepRow* find_step(std::string_view kind);
/// The step's JSON schema, as it stands beside its source.
std::string_view step_schema_text(std::string_view kind);

}  // namespace dtenv
