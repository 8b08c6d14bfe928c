#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// What is wrong with a Dockerfile at one line, by a rule of the catalogue (L01 to L74).
struct LintFinding {
  std::string_view rule;
  int line = 0;
  std::string_view severity;  ///< "error", "warning" or "info"
  std::string_view problem;
  std::string_view fix;
};

/// Every finding by line, then by rule. CONFIG where the text is no Dockerfile.
Result<std::vector<LintFinding>> lint_dockerfile(std::string_view text);

}  // namespace dtenv
