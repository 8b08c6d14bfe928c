#include "guard.hpp"
#include "sessions.hpp"
#include "texts.hpp"

namespace dtenv::capi {
namespace {

/// The caller's callback and its user_data, released when nothing can call it any more.
class HostCallback {
 public:
  HostCallback(dtenv_event_callback call, void* user_data) : call_(call), user_data_(user_data) {}
  ~HostCallback() {
    if (release_ != nullptr) release_(user_data_);
  }
  HostCallback(const HostCallback&) = delete;
  HostCallback& operator=(const HostCallback&) = delete;

  void operator()(const std::string& event_json) const { call_(event_json.c_str(), user_data_); }
  /// Only once the session has taken it: a call that fails leaves user_data to the caller.
  void own(dtenv_release_callback release) { release_ = release; }

 private:
  const dtenv_event_callback call_;
  void* const user_data_;
  dtenv_release_callback release_ = nullptr;
};

Result<void> set_callback(OpenSession& session, dtenv_event_callback callback, void* user_data,
                          dtenv_release_callback release) {
  if (callback == nullptr) return session.engine().set_callback({});
  const auto host = std::make_shared<HostCallback>(callback, user_data);
  DT_TRY(session.engine().set_callback([host, number = session.number()](const std::string& event) {
    const InCallback mark(number);
    (*host)(event);
  }));
  host->own(release);
  return {};
}

}  // namespace
}  // namespace dtenv::capi

using namespace dtenv;
using namespace dtenv::capi;

dtenv_status dtenv_session_open(const char* config_json, int32_t api_version,
                                dtenv_session** out_session, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto config, take_optional_text("config_json", config_json));
    DT_TRY(check_out("out_session", out_session));
    DT_TRY_ASSIGN(auto session, open_session(config, api_version));
    *out_session = Sessions::add(std::make_shared<OpenSession>(std::move(session)));
    return {};
  });
}

dtenv_status dtenv_session_shutdown(dtenv_session* handle, int32_t grace_ms, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    DT_TRY_ASSIGN(const Duration grace, take_grace(grace_ms));
    DT_TRY(may_wait_for(session->number(), std::nullopt));
    return session->engine().shutdown(grace);
  });
}

void dtenv_session_free(dtenv_session* handle) {
  guard(nullptr, [&]() -> Result<void> {
    const auto session = Sessions::remove(handle);
    if (!session || in_callback_of(session->number())) return {};
    // Another thread may be waiting in the session and keep it alive: make it return.
    session->give_up();
    return session->engine().shutdown(Duration(0));
  });
}

dtenv_status dtenv_session_fd(dtenv_session* handle, int32_t* out_fd, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    DT_TRY(check_out("out_fd", out_fd));
    *out_fd = session->engine().fd();
    return {};
  });
}

dtenv_status dtenv_session_next_event(dtenv_session* handle, int32_t timeout_ms,
                                      char** out_event_json, dtenv_error** error) {
  return guard(error, [&]() -> Result<Status> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    DT_TRY(check_out("out_event_json", out_event_json));
    DT_TRY_ASSIGN(const std::optional<Duration> limit, take_timeout(timeout_ms));
    DT_TRY(may_wait_for(session->number(), limit));
    const auto next = session->engine().next_event(limit);
    session->pass_on_giving_up();
    DT_TRY_ASSIGN(const auto event, next);
    if (!event) return Status::empty;
    *out_event_json = give_text(*event);
    return Status::ok;
  });
}

dtenv_status dtenv_session_wakeup(dtenv_session* handle, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    session->engine().wakeup();
    return {};
  });
}

dtenv_status dtenv_session_set_callback(dtenv_session* handle, dtenv_event_callback callback,
                                        void* user_data, dtenv_release_callback release,
                                        dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    return set_callback(*session, callback, user_data, release);
  });
}

dtenv_status dtenv_session_set_secret(dtenv_session* handle, const char* name, const char* value,
                                      dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    DT_TRY_ASSIGN(const auto key, take_text("name", name));
    if (key.empty()) return Error{Status::invalid, "name: empty"};
    if (value == nullptr) return Error{Status::invalid, "value: NULL"};
    return session->engine().set_secret(std::string(key), Secret(std::string(value)));
  });
}

dtenv_status dtenv_session_dump(dtenv_session* handle, char** out_json, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto session, Sessions::get(handle));
    DT_TRY(check_out("out_json", out_json));
    *out_json = give_text(session->engine().dump());
    return {};
  });
}
