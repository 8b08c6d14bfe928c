#include "engine/approval.hpp"

#include "base/digest.hpp"
#include "base/json_reader.hpp"

namespace dtenv {

namespace {

std::string make_key(std::string_view node, std::string_view step, std::string_view resource,
                     std::string_view action, std::string_view after) {
  std::string key;
  for (const std::string_view part : {node, step, resource, action})
    key.append(part).push_back('\0');
  return key + sha256(after);
}

}  // namespace

std::string change_key(const Change& change, std::string_view step) {
  // As it went through JSON: the approved plan holds the UTF-8 forms.
  return make_key(change.node, step, to_utf8(change.resource), action_name(change.action),
                  to_utf8(change.after));
}

Result<Approval> Approval::make(std::string_view plan, std::set<std::string> allow) {
  Approval approval;
  approval.allow_ = std::move(allow);
  if (plan.empty()) return approval;
  DT_TRY_ASSIGN(const JsonNode root, parse_json(plan, "the approved plan"));
  JsonReader reader(root, plan);
  if (!reader.has("changes"))
    reader.problem("changes", "missing", "pass a plan as dtenv_job_plan gives it");
  std::set<std::string> keys;
  for (JsonReader& change : reader.objects("changes"))
    keys.insert(make_key(change.required_string("host"), change.required_string("step"),
                         change.required_string("resource"), change.required_string("action"),
                         change.string_or("after", "")));
  DT_TRY(reader.result("the approved plan"));
  approval.planned_ = std::move(keys);
  return approval;
}

void Approval::judge(const Change& change, std::string_view step, std::vector<Problem>& stale,
                     std::vector<Problem>& refused) const {
  const std::string what = std::string(change.node) + ": " +
                           std::string(action_name(change.action)) + " " + change.resource;
  if (planned_ && planned_->count(change_key(change, step)) == 0)
    stale.push_back({change.resource, 0, 0,
                     what + " is not in the approved plan (" + change.reason + ")",
                     "make a new plan and approve it"});
  for (const Disruption& disruption : change.disrupts)
    if (allow_.count(disruption.kind) == 0)
      refused.push_back({change.resource, 0, 0, what + " would take down " + disruption.what,
                         "add \"" + disruption.kind + "\" to \"allow\" if that may happen"});
}

Error Approval::stale_error(std::vector<Problem> problems) {
  const std::string count = std::to_string(problems.size());
  return {Status::plan_stale,
          "the machines have moved since the plan was shown: " + count +
              " changes are new; nothing of them was done",
          std::move(problems)};
}

Error Approval::refused_error(std::vector<Problem> problems) {
  std::string message = "refused: " + problems.front().problem;
  if (problems.size() > 1) message += ", and " + std::to_string(problems.size() - 1) + " more";
  return {Status::refused, std::move(message), std::move(problems)};
}

}  // namespace dtenv
