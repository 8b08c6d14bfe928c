#include "formats/dockerfile_lint.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {

void LintFindings::add(std::string_view rule, int line) {
  const auto rules = lint_rules();
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const LintRule& known) { return known.id == rule; });
  assert(found != rules.end());
  const bool told = std::any_of(found_.begin(), found_.end(), [&](const LintFinding& other) {
    return other.rule == rule && other.line == line;
  });
  if (!told) found_.push_back({found->id, line, found->severity, found->problem, found->fix});
}

std::vector<LintFinding> LintFindings::take() {
  std::sort(found_.begin(), found_.end(), [](const LintFinding& a, const LintFinding& b) {
    return std::tie(a.line, a.rule) < std::tie(b.line, b.rule);
  });
  return std::move(found_);
}

Result<std::vector<LintFinding>> lint_dockerfile(std::string_view text) {
  DT_TRY_ASSIGN(auto file, parse_dockerfile(text));
  const auto model = make_dockerfile_model(std::move(file));
  LintFindings findings;
  lint_base_image(model, findings);
  lint_packages(model, findings);
  lint_layers(model, findings);
  lint_mpi(model, findings);
  lint_python(model, findings);
  lint_pip_names(model, findings);
  lint_torch(model, findings);
  lint_ssh(model, findings);
  return findings.take();
}

}  // namespace dtenv
