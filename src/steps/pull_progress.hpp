#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "steps/step.hpp"

namespace dtenv {

/// Follows a pull's stream: one sum over the layers, and a line where something ends.
class PullProgress {
 public:
  explicit PullProgress(Progress& progress) : progress_(progress) {}

  void take(const json::object& object);

 private:
  Progress& progress_;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> layers_;  ///< current, total
};

}  // namespace dtenv
