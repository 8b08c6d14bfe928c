#include "engine/job.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>
#include <new>

namespace dtenv {

RunningJob::RunningJob(std::shared_ptr<LoopThread> loop, std::string id,
                       std::unique_ptr<Runner> runner)
    : loop_(std::move(loop)), id_(std::move(id)), runner_(std::move(runner)) {
  snapshot();
}

void RunningJob::start(std::function<void()> ended) {
  {
    const std::lock_guard lock(mutex_);
    state_ = JobState::running;
  }
  running_ = true;
  at_end_ = std::move(ended);
  const auto self = shared_from_this();
  asio::co_spawn(loop_->io(), runner_->run(),
                 asio::bind_cancellation_slot(cancel_.slot(), [self](const std::exception_ptr&) {
                   self->end();
                   self->self_.reset();
                 }));
  if (cancel_asked_) cancel_.emit(asio::cancellation_type::terminal);
}

void RunningJob::out_of_memory() {
  if (!running_) return;
  self_ = shared_from_this();
  runner_->give_up();
  cancel_.emit(asio::cancellation_type::terminal);
  end();
}

void RunningJob::end() {
  if (!running_) return;  // given up before
  running_ = false;
  try {
    snapshot();
  } catch (const std::bad_alloc&) {  // the one before stays
  }
  {
    const std::lock_guard lock(mutex_);
    error_ = runner_->report().error;
    state_ = !error_                               ? JobState::succeeded
             : error_->status == Status::cancelled ? JobState::cancelled
                                                   : JobState::failed;
    changed_.notify_all();
  }
  runner_->announce_end();
  at_end_();
}

/// Takes plan and report as they are; on the loop thread, or before the job begins.
void RunningJob::snapshot() {
  std::string report = boost::json::serialize(report_json(runner_->report()));
  const std::lock_guard lock(mutex_);
  report_ = std::move(report);
  plan_ = runner_->plan_text();
}

JobState RunningJob::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool RunningJob::ended() const {
  return state() >= JobState::succeeded;
}

Result<void> RunningJob::wait(std::optional<Duration> limit) {
  std::unique_lock lock(mutex_);
  const auto through = [this] { return state_ >= JobState::succeeded; };
  if (!limit)
    changed_.wait(lock, through);
  else if (!changed_.wait_for(lock, *limit, through))
    return Error(Status::timeout, id_ + ": still running after " + show_duration(*limit));
  if (error_) return *error_;
  return {};
}

void RunningJob::cancel(Duration grace) {
  const auto self = shared_from_this();
  asio::post(loop_->io(), [self, grace] {
    self->runner_->set_stop_grace(std::max(grace, Duration(500)));
    self->cancel_asked_ = true;
    if (self->running_) self->cancel_.emit(asio::cancellation_type::terminal);
  });
}

Result<std::string> RunningJob::plan() const {
  if (!ended() && !loop_->on_it()) {
    const auto self = std::const_pointer_cast<RunningJob>(shared_from_this());
    loop_->run_there([self] { self->snapshot(); }, std::chrono::seconds(2));
  }
  const std::lock_guard lock(mutex_);
  if (plan_.empty()) return Error(Status::state, id_ + ": there is no plan yet");
  return plan_;
}

Result<std::string> RunningJob::report() const {
  if (!ended() && !loop_->on_it()) {
    const auto self = std::const_pointer_cast<RunningJob>(shared_from_this());
    loop_->run_there([self] { self->snapshot(); }, std::chrono::seconds(2));
  }
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace dtenv
