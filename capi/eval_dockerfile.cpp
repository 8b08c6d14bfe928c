#include "eval_functions.hpp"
#include "formats/dockerfile_lint.hpp"
#include "formats/dockerfile_recipe.hpp"

namespace dtenv::capi {

Result<json::value> eval_dockerfile_render(JsonReader& arguments) {
  auto recipe = arguments.object("recipe");
  json::object out;
  if (!recipe) {
    arguments.problem("recipe", "needed: an object, {} for the default");
    return json::value(std::move(out));
  }
  out["text"] = render_dockerfile(parse_recipe(*recipe));
  return json::value(std::move(out));
}

Result<json::value> eval_dockerfile_lint(JsonReader& arguments) {
  const auto text = arguments.required_string("text");
  json::object out;
  if (!arguments.has("text")) return json::value(std::move(out));
  DT_TRY_ASSIGN(const auto found, lint_dockerfile(text));
  json::array findings;
  for (const auto& finding : found) {
    json::object one;
    one["rule"] = finding.rule;
    one["line"] = finding.line;
    one["severity"] = finding.severity;
    one["problem"] = finding.problem;
    one["fix"] = finding.fix;
    findings.push_back(std::move(one));
  }
  out["findings"] = std::move(findings);
  return json::value(std::move(out));
}

}  // namespace dtenv::capi
