#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "proc/command.hpp"

namespace dtenv {

/// The launches of one simulated machine: what the constant programs of the step launch would find
/// and do in its container, and a command that ends well at once.
class SimRuns {
 public:
  /// What the machine says to one of those programs; nullopt: it is none of them.
  std::optional<Outcome> answer(const Command& command);
  /// A run's own file; nullopt: there is none.
  std::optional<std::string> file(const std::string& path) const;

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace dtenv
