#include "engine/loop_thread.hpp"

#include <boost/asio/post.hpp>
#include <memory>

#include "base/thread.hpp"

namespace dtenv {

LoopThread::LoopThread() : work_(boost::asio::make_work_guard(io_)) {
  thread_ = start_thread("dtenv-loop", [this] {
    io_.run();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  });
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
