#include "guard.hpp"
#include "sessions.hpp"
#include "texts.hpp"

namespace dtenv::capi {
namespace {

dtenv_status submit(JobKind kind, dtenv_session* handle, const char* environment_json,
                    const char* approved_plan_json, dtenv_job** out_job, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    DT_TRY_ASSIGN(const auto document, take_text("environment_json", environment_json));
    DT_TRY_ASSIGN(const auto plan, take_optional_text("approved_plan_json", approved_plan_json));
    DT_TRY(check_out("out_job", out_job));
    DT_TRY_ASSIGN(auto job,
                  session->engine().submit(kind, std::string(document), std::string(plan)));
    *out_job = Jobs::add(std::make_shared<OpenJob>(OpenJob{std::move(job), session->number()}));
    return {};
  });
}

/// The calls that give a text about a job differ only in what they ask it.
template <class Ask>
dtenv_status ask_text(dtenv_job* handle, const char* out_name, char** out, dtenv_error** error,
                      Ask ask) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto open, Jobs::get(handle));
    DT_TRY(check_out(out_name, out));
    DT_TRY_ASSIGN(const std::string text, ask(*open->job));
    *out = give_text(text);
    return {};
  });
}

}  // namespace
}  // namespace dtenv::capi

using namespace dtenv;
using namespace dtenv::capi;

dtenv_status dtenv_check(dtenv_session* session, const char* environment_json, dtenv_job** out_job,
                         dtenv_error** error) {
  return submit(JobKind::check, session, environment_json, nullptr, out_job, error);
}

dtenv_status dtenv_apply(dtenv_session* session, const char* environment_json,
                         const char* approved_plan_json, dtenv_job** out_job, dtenv_error** error) {
  return submit(JobKind::apply, session, environment_json, approved_plan_json, out_job, error);
}

dtenv_status dtenv_verify(dtenv_session* session, const char* environment_json, dtenv_job** out_job,
                          dtenv_error** error) {
  return submit(JobKind::verify, session, environment_json, nullptr, out_job, error);
}

dtenv_status dtenv_destroy(dtenv_session* session, const char* environment_json,
                           dtenv_job** out_job, dtenv_error** error) {
  return submit(JobKind::destroy, session, environment_json, nullptr, out_job, error);
}

dtenv_status dtenv_job_id(dtenv_job* handle, char** out_id, dtenv_error** error) {
  return ask_text(handle, "out_id", out_id, error,
                  [](const Job& job) { return Result<std::string>(job.id()); });
}

dtenv_status dtenv_job_get_state(dtenv_job* handle, int32_t* out_state, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto open, Jobs::get(handle));
    DT_TRY(check_out("out_state", out_state));
    *out_state = static_cast<int32_t>(open->job->state());
    return {};
  });
}

dtenv_status dtenv_job_wait(dtenv_job* handle, int32_t timeout_ms, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto open, Jobs::get(handle));
    DT_TRY_ASSIGN(const std::optional<Duration> limit, take_timeout(timeout_ms));
    DT_TRY(may_wait_for(open->session_number, limit));
    return open->job->wait(limit);
  });
}

dtenv_status dtenv_job_cancel(dtenv_job* handle, int32_t grace_ms, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto open, Jobs::get(handle));
    DT_TRY_ASSIGN(const Duration grace, take_grace(grace_ms));
    open->job->cancel(grace);
    return {};
  });
}

dtenv_status dtenv_job_plan(dtenv_job* handle, char** out_json, dtenv_error** error) {
  return ask_text(handle, "out_json", out_json, error, [](const Job& job) { return job.plan(); });
}

dtenv_status dtenv_job_report(dtenv_job* handle, char** out_json, dtenv_error** error) {
  return ask_text(handle, "out_json", out_json, error, [](const Job& job) { return job.report(); });
}

void dtenv_job_free(dtenv_job* handle) {
  guard(nullptr, [&]() -> Result<void> {
    Jobs::remove(handle);
    return {};
  });
}
