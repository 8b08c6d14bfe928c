#include "formats/daemon_json_merge.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "formats/daemon_flags.hpp"
#include "formats/daemon_json_actions.hpp"
#include "formats/daemon_json_check.hpp"
#include "formats/daemon_json_encoding.hpp"

namespace dtenv {

namespace {

constexpr const char* file = "daemon.json";

/// The seed prints such a piece: `"runtimes": {…}` without the braces around it.
bool is_fragment(const std::string& text) {
  const std::string_view trimmed = trim(text);
  return !trimmed.empty() && trimmed[0] == '"' && parse_json("{" + text + "}", file).has_value();
}

Result<JsonText> parse_file(const std::string& text, bool exists, const EngineRelease& engine) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    if (exists && !engine.at_least(24))
      return Error{Status::config,
                   "daemon.json: the file is empty: engine " + std::to_string(engine.major) +
                       " does not start with it (EOF)",
                   {{"", 1, 1, "the file is empty (EOF)", "remove the file, or write {} into it"}}};
    return JsonText::parse("{}\n", file);
  }
  auto parsed = JsonText::parse(text, file);
  if (!parsed && is_fragment(text)) {
    Error error = parsed.error();
    for (Problem& problem : error.detail)
      problem.hint = "a piece of a file without the braces around it: put { before and } after it";
    return error;
  }
  return parsed;
}

Error problems_error(std::vector<Problem> problems) {
  const Problem& first = problems.front();
  std::string message = std::string(file) + ": ";
  if (problems.size() > 1)
    message += std::to_string(problems.size()) + " problems";
  else
    message += (first.pointer.empty() ? "" : first.pointer + ": ") + first.problem +
               (first.line > 0 ? " (line " + std::to_string(first.line) + ")" : "");
  return {Status::config, std::move(message), std::move(problems)};
}

/// Problems of the result: those that stood in the file before get the place they have there, those
/// that an action brought have none.
Result<void> check_result(const JsonText& before, const JsonText& after,
                          const EngineRelease& engine) {
  const auto old = check_daemon_json(before.root(), before.text(), engine);
  auto problems = check_daemon_json(after.root(), after.text(), engine);
  if (problems.empty()) return {};
  for (Problem& problem : problems) {
    const auto same = std::find_if(old.begin(), old.end(), [&](const Problem& other) {
      return other.pointer == problem.pointer && other.problem == problem.problem;
    });
    problem.line = same == old.end() ? 0 : same->line;
    problem.column = same == old.end() ? 0 : same->column;
  }
  return problems_error(std::move(problems));
}

/// What an edit would build upon: a value of the wrong shape is not repaired in silence.
Result<void> check_shapes(const JsonText& text, const EngineRelease& engine) {
  auto problems = check_daemon_json(text.root(), text.text(), engine);
  problems.erase(std::remove_if(problems.begin(), problems.end(),
                                [](const Problem& problem) {
                                  return !starts_with(problem.pointer, "/runtimes") &&
                                         !starts_with(problem.pointer, "/features") &&
                                         problem.pointer != "/registry-mirrors" &&
                                         problem.pointer != "/default-runtime";
                                }),
                 problems.end());
  if (problems.empty()) return {};
  return problems_error(std::move(problems));
}

/// A default runtime that an action asks for must be there once all are done.
Result<void> check_default_runtime(const DaemonJsonRequest& request, const JsonText& after) {
  const auto flags = parse_daemon_flags(request.state.unit_flags);
  const auto added = flags.find("runtimes");
  for (const DaemonJsonAction& action : request.actions) {
    const std::string& name = action.name;
    if (action.op != DaemonJsonAction::Op::set_default_runtime || name == "runc" ||
        contains(name, ".") || after.find({"runtimes", name}))
      continue;
    if (added != flags.end() &&
        std::any_of(added->second.begin(), added->second.end(),
                    [&](const std::string& word) { return starts_with(word, name + "="); }))
      continue;
    const std::string problem = "specified default runtime '" + visible(name) + "' does not exist";
    return Error{Status::config,
                 std::string(file) + ": " + problem,
                 {{"", 0, 0, problem, "add the runtime in the same edit"}}};
  }
  return {};
}

}  // namespace

Result<DaemonJsonMerge> merge_daemon_json(const DaemonJsonRequest& request) {
  const EngineRelease& engine = request.state.engine;
  const bool exists = request.text.has_value();
  DT_TRY_ASSIGN(const DecodedJson decoded, decode_daemon_json(request.text.value_or(""), engine));
  DT_TRY_ASSIGN(const JsonText before, parse_file(decoded.text, exists, engine));
  DT_TRY(check_shapes(before, engine));
  JsonText after = before;
  std::vector<std::string> remarks;
  std::vector<Problem> problems;
  for (const DaemonJsonAction& action : request.actions) {
    const auto done = act_on_daemon_json(after, action, engine, remarks);
    if (done) continue;
    const Error error = done.error();
    if (error.detail.empty()) return error;
    problems.insert(problems.end(), error.detail.begin(), error.detail.end());
  }
  if (!problems.empty()) {
    const auto own = check_daemon_json(before.root(), before.text(), engine);
    problems.insert(problems.begin(), own.begin(), own.end());
    return problems_error(std::move(problems));
  }
  DT_TRY(check_default_runtime(request, after));
  DT_TRY(check_result(before, after, engine));

  DaemonJsonMerge merge;
  merge.plan = plan_activation(before, after, request.state);
  merge.changed = after.text() != before.text();
  merge.text = merge.changed ? encode_daemon_json(after.text(), decoded.encoding)
                             : request.text.value_or("");
  if (merge.changed)
    for (std::string& ignored : ignored_daemon_members(after.root(), after.text(), engine))
      remarks.push_back(std::move(ignored));
  merge.plan.reasons.insert(merge.plan.reasons.begin(), remarks.begin(), remarks.end());
  return merge;
}

}  // namespace dtenv
