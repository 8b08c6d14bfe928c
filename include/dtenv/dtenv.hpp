/// dtenv.hpp - the C ABI of dtenv.h as C++17: handles that free themselves, errors as exceptions.
/// Header-only; documents, plans, reports and events stay JSON texts. What a call does, its units
/// and its errors stand in dtenv.h, under the same name.
#pragma once

#include <dtenv/dtenv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace dtenv::api {

/// What a call failed with.
class Exception : public std::runtime_error {
 public:
  Exception(dtenv_status status_, const std::string& message, std::string json_)
      : std::runtime_error(message), status(status_), json(std::move(json_)) {}

  dtenv_status status;
  std::string json;    ///< dtenv_error_json()
  std::string report;  ///< of run(): what came of it before it failed; may be empty
};

namespace detail {

/// Takes an error over: throws it unless the call went well. EMPTY is not an error.
inline dtenv_status check(dtenv_status status, dtenv_error* error) {
  const std::unique_ptr<dtenv_error, decltype(&dtenv_error_free)> owned(error, dtenv_error_free);
  if (status < 0)
    throw Exception(status, dtenv_error_message(error),
                    error == nullptr ? std::string() : dtenv_error_json(error));
  return status;
}

/// A string as the library takes it: what stands behind a NUL would be lost there.
inline const char* text(const std::string& value) {
  if (value.find('\0') != std::string::npos)
    throw Exception(DTENV_E_INVALID, "a NUL character in the text", {});
  return value.c_str();
}

/// A text that the library gave, as a string of ours.
inline std::string take(char* text) {
  const std::unique_ptr<char, decltype(&dtenv_free)> owned(text, dtenv_free);
  return text == nullptr ? std::string() : std::string(text);
}

/// `function(arguments…, &error)` for what gives nothing.
template <class Function, class... Arguments>
dtenv_status call(Function function, Arguments... arguments) {
  dtenv_error* error = nullptr;
  const dtenv_status status = function(arguments..., &error);
  return check(status, error);
}

/// `function(arguments…, &text, &error)` for what gives a text.
template <class Function, class... Arguments>
std::string call_text(Function function, Arguments... arguments) {
  char* text = nullptr;
  call(function, arguments..., &text);
  return take(text);
}

/// `function(arguments…, &out, &error)` for what gives a number or a handle.
template <class Out, class Function, class... Arguments>
Out call_out(Function function, Arguments... arguments) {
  Out out{};
  call(function, arguments..., &out);
  return out;
}

struct FreeSession {
  void operator()(dtenv_session* session) const { dtenv_session_free(session); }
};
struct FreeJob {
  void operator()(dtenv_job* job) const { dtenv_job_free(job); }
};

}  // namespace detail

/// One check, apply, verify or destroy. Freeing it does not stop it.
class Job {
 public:
  explicit Job(dtenv_job* handle) : handle_(handle) {}

  std::string id() const { return detail::call_text(dtenv_job_id, handle()); }
  /// DTENV_JOB_QUEUED, …
  std::int32_t state() const {
    return detail::call_out<std::int32_t>(dtenv_job_get_state, handle());
  }
  bool ended() const { return state() >= DTENV_JOB_SUCCEEDED; }
  /// Throws what stopped the job, or TIMEOUT.
  void wait(std::int32_t timeout_ms = -1) const {
    detail::call(dtenv_job_wait, handle(), timeout_ms);
  }
  void cancel(std::int32_t grace_ms = 5000) const {
    detail::call(dtenv_job_cancel, handle(), grace_ms);
  }
  std::string plan() const { return detail::call_text(dtenv_job_plan, handle()); }
  std::string report() const { return detail::call_text(dtenv_job_report, handle()); }
  dtenv_job* handle() const { return handle_.get(); }

 private:
  std::unique_ptr<dtenv_job, detail::FreeJob> handle_;
};

/// Takes one event, as JSON. Called from the library's own thread; must not throw.
using EventCallback = std::function<void(const std::string& event_json)>;

/// Where jobs run. Destroying it cancels them.
class Session {
 public:
  explicit Session(const std::string& config_json = {})
      : handle_(detail::call_out<dtenv_session*>(dtenv_session_open, detail::text(config_json),
                                                 DTENV_API_VERSION)) {}

  Job check(const std::string& environment_json) {
    return Job(detail::call_out<dtenv_job*>(dtenv_check, handle(), detail::text(environment_json)));
  }
  /// An empty plan approves all.
  Job apply(const std::string& environment_json, const std::string& approved_plan_json = {}) {
    return Job(detail::call_out<dtenv_job*>(dtenv_apply, handle(), detail::text(environment_json),
                                            detail::text(approved_plan_json)));
  }
  Job verify(const std::string& environment_json) {
    return Job(
        detail::call_out<dtenv_job*>(dtenv_verify, handle(), detail::text(environment_json)));
  }
  Job destroy(const std::string& environment_json) {
    return Job(
        detail::call_out<dtenv_job*>(dtenv_destroy, handle(), detail::text(environment_json)));
  }

  int fd() const { return detail::call_out<std::int32_t>(dtenv_session_fd, handle()); }
  /// nullopt after the timeout or a wakeup.
  std::optional<std::string> next_event(std::int32_t timeout_ms) {
    char* text = nullptr;
    if (detail::call(dtenv_session_next_event, handle(), timeout_ms, &text) == DTENV_EMPTY)
      return std::nullopt;
    return detail::take(text);
  }
  void wakeup() { detail::call(dtenv_session_wakeup, handle()); }
  /// An empty one: to the queue again.
  void set_callback(EventCallback callback) {
    if (!callback) {
      detail::call(dtenv_session_set_callback, handle(), nullptr, nullptr, nullptr);
      return;
    }
    auto owned = std::make_unique<EventCallback>(std::move(callback));
    detail::call(dtenv_session_set_callback, handle(), on_event, owned.get(), release);
    static_cast<void>(owned.release());  // the library has it now
  }
  void set_secret(const std::string& name, const std::string& value) {
    detail::call(dtenv_session_set_secret, handle(), detail::text(name), detail::text(value));
  }
  std::string dump() const { return detail::call_text(dtenv_session_dump, handle()); }
  void shutdown(std::int32_t grace_ms = 5000) {
    detail::call(dtenv_session_shutdown, handle(), grace_ms);
  }
  dtenv_session* handle() const { return handle_.get(); }

 private:
  static void on_event(const char* event_json, void* user_data) {
    (*static_cast<EventCallback*>(user_data))(event_json);
  }
  static void release(void* user_data) { delete static_cast<EventCallback*>(user_data); }

  std::unique_ptr<dtenv_session, detail::FreeSession> handle_;
};

inline std::string step_kinds() {
  return detail::call_text(dtenv_step_kinds);
}
inline std::string step_schema(const std::string& kind) {
  return detail::call_text(dtenv_step_schema, detail::text(kind));
}
inline std::string document_schema() {
  return detail::call_text(dtenv_document_schema);
}
/// Throws CONFIG with every problem in its json.
inline void validate(const std::string& environment_json) {
  detail::call(dtenv_validate, detail::text(environment_json));
}
inline std::string eval(const std::string& function, const std::string& arguments_json) {
  return detail::call_text(dtenv_eval, detail::text(function), detail::text(arguments_json));
}
inline std::string render(const std::string& plan_or_report_json) {
  return detail::call_text(dtenv_render, detail::text(plan_or_report_json));
}

/// The report; where the job fails, the exception carries it.
inline std::string run(const std::string& kind, const std::string& environment_json,
                       const std::string& options_json = {}) {
  char* text = nullptr;
  dtenv_error* error = nullptr;
  const dtenv_status status = dtenv_run(detail::text(kind), detail::text(environment_json),
                                        detail::text(options_json), &text, &error);
  std::string report = detail::take(text);
  try {
    detail::check(status, error);
  } catch (Exception& failure) {
    failure.report = std::move(report);
    throw;
  }
  return report;
}

}  // namespace dtenv::api
