#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "formats/dockerfile_lint.hpp"
#include "formats/dockerfile_model.hpp"

namespace dtenv {

struct LintRule {
  std::string_view id;
  std::string_view severity;
  std::string_view problem;
  std::string_view fix;
};

/// The catalogue, by id.
std::span<const LintRule> lint_rules();

/// Collects findings, each rule at most once a line.
class LintFindings {
 public:
  void add(std::string_view rule, int line);
  std::vector<LintFinding> take();

 private:
  std::vector<LintFinding> found_;
};

// The checks, by the part of the manual they look at.
void lint_base_image(const DockerfileModel& model, LintFindings& out);
void lint_packages(const DockerfileModel& model, LintFindings& out);
void lint_layers(const DockerfileModel& model, LintFindings& out);
void lint_mpi(const DockerfileModel& model, LintFindings& out);
void lint_python(const DockerfileModel& model, LintFindings& out);
void lint_pip_names(const DockerfileModel& model, LintFindings& out);
void lint_torch(const DockerfileModel& model, LintFindings& out);
void lint_ssh(const DockerfileModel& model, LintFindings& out);

}  // namespace dtenv
