#include <algorithm>

#include "base/json_reader.hpp"
#include "guard.hpp"
#include "sessions.hpp"
#include "texts.hpp"

namespace dtenv::capi {
namespace {

struct RunOptions {
  std::string session;
  std::string approved_plan;
  std::optional<Duration> timeout;
  std::vector<std::pair<std::string, std::string>> secrets;
};

/// The text of one object among the options, as it was written.
std::string object_text(JsonReader& options, std::string_view key) {
  if (!options.object(key)) return {};
  const JsonNode& node = *options.value(key);
  return std::string(options.text().substr(node.begin, node.end - node.begin));
}

Result<RunOptions> parse_options(std::string_view text) {
  RunOptions parsed;
  if (text.empty()) return parsed;
  DT_TRY_ASSIGN(const JsonNode root, parse_json(text, "options_json"));
  JsonReader options(root, text);
  parsed.session = object_text(options, "session");
  parsed.approved_plan = object_text(options, "approved_plan");
  parsed.timeout = options.duration("timeout");
  parsed.secrets = options.string_map("secrets");
  options.finish();
  DT_TRY(options.result("options_json"));
  return parsed;
}

Result<JobKind> find_kind(std::string_view name) {
  if (name == "check") return JobKind::check;
  if (name == "apply") return JobKind::apply;
  if (name == "verify") return JobKind::verify;
  if (name == "destroy") return JobKind::destroy;
  return Error{Status::not_found, "dtenv_run: no kind of job is called \"" + visible(name) +
                                      "\": check, apply, verify or destroy"};
}

bool has_ended(const Job& job) {
  return job.state() >= JobState::succeeded;
}

/// What the job came to. One that outlasts the limit is cancelled, and its end waited for.
Result<void> wait_or_cancel(Job& job, std::optional<Duration> limit) {
  auto outcome = job.wait(limit);
  if (outcome || has_ended(job)) return outcome;
  job.cancel(Duration(5000));
  const auto ended = job.wait(std::nullopt);
  return ended ? ended : outcome;
}

Result<void> run(JobKind kind, std::string_view document, const RunOptions& options,
                 char** out_report_json) {
  DT_TRY_ASSIGN(const auto session, open_session(options.session, DTENV_API_VERSION));
  for (const auto& [name, value] : options.secrets) {
    DT_TRY(session->set_secret(name, Secret(value)));
  }
  DT_TRY_ASSIGN(const auto job,
                session->submit(kind, std::string(document), options.approved_plan));
  auto outcome = wait_or_cancel(*job, options.timeout);
  DT_TRY_ASSIGN(const std::string report, job->report());
  *out_report_json = give_text(report);
  return outcome;
}

}  // namespace
}  // namespace dtenv::capi

using namespace dtenv;
using namespace dtenv::capi;

dtenv_status dtenv_run(const char* kind, const char* environment_json, const char* options_json,
                       char** out_report_json, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto name, take_text("kind", kind));
    DT_TRY_ASSIGN(const auto document, take_text("environment_json", environment_json));
    DT_TRY_ASSIGN(const auto text, take_optional_text("options_json", options_json));
    DT_TRY(check_out("out_report_json", out_report_json));
    DT_TRY_ASSIGN(const JobKind job_kind, find_kind(name));
    DT_TRY_ASSIGN(const RunOptions options, parse_options(text));
    return run(job_kind, document, options, out_report_json);
  });
}
