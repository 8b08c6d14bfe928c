#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// What the owner agreed to: the changes of a plan shown earlier, and the disruptions in `allow`.
class Approval {
 public:
  /// `plan` is the JSON of an earlier plan; empty: any change is approved, only disruptions count.
  static Result<Approval> make(std::string_view plan, std::set<std::string> allow);

  /// Adds to `stale` what the plan did not have, and to `refused` what would disrupt and is not
  /// allowed. A problem's pointer is the resource.
  void judge(const Change& change, std::string_view step, std::vector<Problem>& stale,
             std::vector<Problem>& refused) const;

  static Error stale_error(std::vector<Problem> problems);
  static Error refused_error(std::vector<Problem> problems);

 private:
  std::set<std::string> allow_;
  std::optional<std::set<std::string>> planned_;
};

/// Equal keys mean the same change: node, step, resource, action and what it would be after.
std::string change_key(const Change& change, std::string_view step);

}  // namespace dtenv
