#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "engine/loop_thread.hpp"
#include "engine/runner.hpp"
#include "engine/session.hpp"

namespace dtenv {

/// A job of a session: the thread-safe face of one Runner.
class RunningJob final : public Job, public std::enable_shared_from_this<RunningJob> {
 public:
  RunningJob(std::shared_ptr<LoopThread> loop, std::string id, std::unique_ptr<Runner> runner);

  const std::string& id() const override { return id_; }
  JobState state() const override;
  Result<void> wait(std::optional<Duration> limit) override;
  void cancel(Duration grace) override;
  Result<std::string> plan() const override;
  Result<std::string> report() const override;

  /// On the loop: begins, and calls `ended` there when it is through.
  void start(std::function<void()> ended);
  bool ended() const;
  /// On the loop: ends as it is, with NOMEM.
  void out_of_memory();

 private:
  void end();
  void snapshot();

  const std::shared_ptr<LoopThread> loop_;
  const std::string id_;
  std::unique_ptr<Runner> runner_;           // the loop thread's alone
  boost::asio::cancellation_signal cancel_;  // the loop thread's alone
  bool cancel_asked_ = false;                // the loop thread's alone
  bool running_ = false;                     // the loop thread's alone
  std::function<void()> at_end_;             // the loop thread's alone
  std::shared_ptr<RunningJob> self_;         // given up: what may still be resumed finds its runner

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  JobState state_ = JobState::queued;
  std::optional<Error> error_;
  std::string plan_;
  std::string report_;
};

}  // namespace dtenv
