#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "dtenv/dtenv.h"
#include "engine/session.hpp"
#include "handles.hpp"

namespace dtenv::capi {

/// A session as the embedding process holds it. The last reference may go on any thread, the
/// session's own callback thread among them: the engine's session is then closed elsewhere.
class OpenSession {
 public:
  explicit OpenSession(std::shared_ptr<Session> session);
  ~OpenSession();
  OpenSession(const OpenSession&) = delete;
  OpenSession& operator=(const OpenSession&) = delete;

  Session& engine() const { return *session_; }
  std::uint64_t number() const { return number_; }
  /// The handle is gone; calls that wait in the session are to return.
  void give_up();
  /// On leaving a wait: one wakeup ends one wait, so each passes it on to the next.
  void pass_on_giving_up() const;

 private:
  std::shared_ptr<Session> session_;
  const std::uint64_t number_;  ///< never used twice in a process
  std::atomic<bool> given_up_ = false;
};

struct OpenJob {
  std::shared_ptr<Job> job;
  std::uint64_t session_number;
};

using Sessions = HandleTable<dtenv_session, OpenSession, 1>;
using Jobs = HandleTable<dtenv_job, OpenJob, 2>;

/// While one is alive, this thread is in a callback of that session.
class InCallback {
 public:
  explicit InCallback(std::uint64_t session_number);
  ~InCallback();
  InCallback(const InCallback&) = delete;
  InCallback& operator=(const InCallback&) = delete;

 private:
  const std::uint64_t outer_;
};

bool in_callback_of(std::uint64_t session_number);

/// STATE in a callback of that session, which would wait for itself. A limit of 0 does not wait.
Result<void> may_wait_for(std::uint64_t session_number, std::optional<Duration> limit);

/// Milliseconds as the interface gives them: -1 is no limit.
Result<std::optional<Duration>> take_timeout(std::int32_t timeout_ms);
Result<Duration> take_grace(std::int32_t grace_ms);

/// VERSION or INVALID for a behaviour version that this library does not have.
Result<std::shared_ptr<Session>> open_session(std::string_view config, std::int32_t api_version);

}  // namespace dtenv::capi
