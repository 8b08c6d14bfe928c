#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/units.hpp"

namespace dtenv {

/// The session's one loop on its one thread.
class LoopThread {
 public:
  LoopThread();
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  boost::asio::io_context& io() { return io_; }
  bool on_it() const { return thread_.get_id() == std::this_thread::get_id(); }
  /// Runs `call` on the loop and waits for it; false after `limit` (the call may still run later).
  bool run_there(std::function<void()> call, Duration limit);
  /// What to do, on the loop, once an allocation of the loop itself has failed: whose coroutine it
  /// was is lost.
  void on_no_memory(std::function<void()> call);
  /// Lets the loop finish what it has, at most `limit`, then stops it.
  void finish(Duration limit);

 private:
  void run();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> no_memory_;  // the loop thread's alone
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace dtenv
