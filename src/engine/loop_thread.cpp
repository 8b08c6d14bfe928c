#include "engine/loop_thread.hpp"

#include <boost/asio/post.hpp>
#include <memory>
#include <new>

#include "base/thread.hpp"

namespace dtenv {

LoopThread::LoopThread() : work_(boost::asio::make_work_guard(io_)) {
  thread_ = start_thread("dtenv-loop", [this] {
    run();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  });
}

void LoopThread::run() {
  for (bool lost = false;;) try {
      if (lost && no_memory_) no_memory_();
      lost = false;
      io_.run();
      return;
    } catch (const std::bad_alloc&) {
      lost = true;
    }
}

void LoopThread::on_no_memory(std::function<void()> call) {
  boost::asio::post(io_, [this, call = std::move(call)] { no_memory_ = call; });
}

LoopThread::~LoopThread() {
  finish(Duration(0));
}

bool LoopThread::run_there(std::function<void()> call, Duration limit) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
  };
  const auto shared = std::make_shared<Shared>();
  boost::asio::post(io_, [shared, call = std::move(call)] {
    call();
    const std::lock_guard lock(shared->mutex);
    shared->done = true;
    shared->changed.notify_all();
  });
  std::unique_lock lock(shared->mutex);
  return shared->changed.wait_for(lock, limit, [&] { return shared->done; });
}

void LoopThread::finish(Duration limit) {
  if (!thread_.joinable()) return;
  work_.reset();
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [this] { return ended_; })) io_.stop();
  }
  thread_.join();
}

}  // namespace dtenv
