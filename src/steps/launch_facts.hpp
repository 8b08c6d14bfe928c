#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// One thing that is compared over all nodes before a launch.
struct ComparedFact {
  std::string_view key;   ///< as facts_program prints it
  std::string_view what;  ///< for people
  bool must_be_equal;     ///< a difference ends the launch; else it is a warning
};

/// What has to be equal for ranks to work together (interpreter, packages, libraries, driver, the
/// GPUs' kind), and what usually explains a slow or a strange node (kernel, limits, link rates).
const std::vector<ComparedFact>& compared_facts();

}  // namespace dtenv
