#include "sessions.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <string>
#include <thread>

namespace dtenv::capi {
namespace {

std::atomic<std::uint64_t> sessions_opened = 0;

// The number of the session whose callback this thread is in; 0: none.
constinit thread_local std::uint64_t callback_of = 0;

/// Closes the session on a thread of its own, since a session's thread cannot join itself.
void close_elsewhere(std::shared_ptr<Session> session) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([last = std::move(session)]() mutable {
    pthread_setname_np(pthread_self(), "dtenv-close");
    last.reset();
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

OpenSession::OpenSession(std::shared_ptr<Session> session)
    : session_(std::move(session)), number_(++sessions_opened) {}

OpenSession::~OpenSession() {
  if (in_callback_of(number_)) close_elsewhere(std::move(session_));
}

void OpenSession::give_up() {
  given_up_ = true;
  session_->wakeup();
}

void OpenSession::pass_on_giving_up() const {
  if (given_up_) session_->wakeup();
}

InCallback::InCallback(std::uint64_t session_number) : outer_(callback_of) {
  callback_of = session_number;
}

InCallback::~InCallback() {
  callback_of = outer_;
}

bool in_callback_of(std::uint64_t session_number) {
  return callback_of == session_number;
}

Result<void> may_wait_for(std::uint64_t session_number, std::optional<Duration> limit) {
  if (limit == Duration(0) || !in_callback_of(session_number)) return {};
  return Error{Status::state, "a callback of this session cannot wait for it"};
}

Result<std::optional<Duration>> take_timeout(std::int32_t timeout_ms) {
  if (timeout_ms < -1)
    return Error{Status::invalid, "timeout_ms: " + std::to_string(timeout_ms) + " is below -1"};
  if (timeout_ms == -1) return std::optional<Duration>();
  return std::optional<Duration>(timeout_ms);
}

Result<Duration> take_grace(std::int32_t grace_ms) {
  if (grace_ms < 0)
    return Error{Status::invalid, "grace_ms: " + std::to_string(grace_ms) + " is below 0"};
  return Duration(grace_ms);
}

Result<std::shared_ptr<Session>> open_session(std::string_view config, std::int32_t api_version) {
  if (api_version < 1)
    return Error{Status::invalid, "api_version: " + std::to_string(api_version) + " is below 1"};
  if (api_version > DTENV_API_VERSION)
    return Error{Status::version, "api_version: " + std::to_string(api_version) +
                                      " is wanted, this library has " +
                                      std::to_string(DTENV_API_VERSION)};
  DT_TRY_ASSIGN(SessionOptions options, SessionOptions::parse(config));
  options.api_version = api_version;
  return Session::open(std::move(options));
}

}  // namespace dtenv::capi
