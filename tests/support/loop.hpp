#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>

#include "base/task.hpp"

namespace dtenv {

/// Runs `task` to its end on `loop` and gives its value; throws what it threw.
template <class T>
T run_on(asio::io_context& loop, Task<T> task,
         std::chrono::seconds limit = std::chrono::seconds(60)) {
  std::optional<T> value;
  std::exception_ptr thrown;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T result) {
    thrown = error;
    if (!error) value.emplace(std::move(result));
  });
  loop.restart();
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!value && !thrown) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the task hangs");
    loop.run_one_for(std::chrono::milliseconds(100));
    loop.restart();
  }
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(value);
}

/// A task that was started and can be cancelled, as the engine does it. It may outlive this.
template <class T>
class Started {
 public:
  Started(asio::io_context& loop, Task<T> task) : loop_(loop), state_(std::make_shared<State>()) {
    asio::co_spawn(loop, std::move(task),
                   asio::bind_cancellation_slot(
                       state_->signal.slot(), [state = state_](std::exception_ptr error, T result) {
                         state->thrown = error;
                         if (!error) state->value.emplace(std::move(result));
                       }));
  }
  void cancel() { state_->signal.emit(asio::cancellation_type::terminal); }
  bool done() const { return state_->value || state_->thrown; }
  bool was_cancelled() const { return state_->thrown != nullptr; }
  const std::optional<T>& value() const { return state_->value; }

  /// Runs the loop until `claim` holds; false after `limit`.
  template <class Claim>
  bool until(Claim claim, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!claim()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_.restart();
      loop_.run_one_for(std::chrono::milliseconds(10));
    }
    return true;
  }

 private:
  struct State {
    asio::cancellation_signal signal;
    std::optional<T> value;
    std::exception_ptr thrown;
  };
  asio::io_context& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace dtenv
