#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/units.hpp"

namespace dtenv {

/// The one thread of a session that touches this machine's files. A disk that hangs (a frozen file
/// system, a dead NFS server) holds it in the kernel, where no signal ends it; the loop goes on, a
/// cancel is obeyed, and what is asked of the disk meanwhile waits behind it or runs into its
/// deadline: no second thread piles up.
class DiskThread {
 public:
  DiskThread() = default;
  /// Leaves the thread behind where the disk still holds it.
  ~DiskThread();
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;

  /// `work` there; TIMEOUT that names what the disk has hung in since when. `work` is not called
  /// off: it owns what it needs.
  template <class T>
  Task<Result<T>> run(std::string what, std::function<Result<T>()> work, Duration limit) {
    const auto executor = co_await asio::this_coro::executor;
    const auto answer = std::make_shared<Answer<T>>();
    asio::steady_timer done(executor, limit);
    const Listener<T> listener(*answer, done);
    const auto result = std::make_shared<Result<T>>(Error{Status::nomem, "out of memory"});
    enqueue(std::move(what),
            [this_state = state_, answer, result, executor, work = std::move(work)] {
              try {
                *result = work();
              } catch (const std::bad_alloc&) {  // and so it says
              }
              const auto tell = [answer, result] {
                answer->result = std::move(*result);
                if (answer->listener) answer->listener->cancel();
              };
              while (!post_there(*this_state, executor, tell))
                std::this_thread::sleep_for(post_pause);
            });
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!answer->result && std::chrono::steady_clock::now() < deadline)
      co_await done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (answer->result) co_return std::move(*answer->result);
    co_return hung();
  }

  struct Doing {
    std::string what;
    std::chrono::steady_clock::time_point since;
  };
  /// What it is at; nullopt: nothing.
  std::optional<Doing> doing() const;

 private:
  template <class T>
  struct Answer {
    std::optional<Result<T>> result;         // the loop thread's alone
    asio::steady_timer* listener = nullptr;  // the loop thread's alone
  };
  template <class T>
  struct Listener {
    Listener(Answer<T>& to, asio::steady_timer& timer) : answer(to) { answer.listener = &timer; }
    ~Listener() { answer.listener = nullptr; }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    Answer<T>& answer;
  };
  struct Item {
    std::string what;
    std::function<void()> work;
  };
  /// Outlives this object while the disk holds the thread.
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Item> items;
    std::optional<Doing> doing;
    bool abandoned = false;
    bool ended = false;
  };

  static constexpr Duration post_pause = std::chrono::milliseconds(50);

  /// False: there was no memory to do it with.
  template <class Call>
  static bool post_there(State& state, const asio::any_io_executor& executor, const Call& call) {
    // Nobody listens any more once the session is gone, and its loop with it.
    const std::lock_guard lock(state.mutex);
    if (state.abandoned) return true;
    try {
      asio::post(executor, call);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static void work_off(const std::shared_ptr<State>& state);
  void enqueue(std::string what, std::function<void()> work);
  Error hung() const;

  const std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;  // the loop thread's alone
};

}  // namespace dtenv
