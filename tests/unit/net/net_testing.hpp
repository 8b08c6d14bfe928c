#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/http.hpp"

namespace dtenv {

/// Runs one task on the loop to its end; what else waits there runs along.
template <class T>
T run_task(asio::io_context& loop, Task<T> task) {
  std::optional<T> result;
  std::exception_ptr thrown;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failed, T value) {
    thrown = failed;
    if (!failed) result.emplace(std::move(value));
  });
  loop.restart();
  while (!result && !thrown && loop.run_one() > 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

/// Starts a task, cancels it once `when` holds, and says how long it then took to end.
template <class T>
std::chrono::milliseconds cancel_task(asio::io_context& loop, Task<T> task,
                                      const std::function<bool()>& when) {
  using Clock = std::chrono::steady_clock;
  asio::cancellation_signal signal;
  bool ended = false;
  asio::co_spawn(
      loop, std::move(task),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, T) { ended = true; }));
  loop.restart();
  const auto patience = Clock::now() + std::chrono::seconds(60);
  while (!ended && !when() && Clock::now() < patience)
    loop.run_one_for(std::chrono::milliseconds(50));
  const auto begin = Clock::now();
  signal.emit(asio::cancellation_type::terminal);
  while (!ended && loop.run_one() > 0) {
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
}

/// A body of these pieces.
inline BodySource pieces_source(std::vector<std::string> pieces) {
  auto left = std::make_shared<std::vector<std::string>>(std::move(pieces));
  return [left] {
    if (left->empty()) return finished(Result<std::string>(std::string()));
    std::string piece = std::move(left->front());
    left->erase(left->begin());
    return finished(Result<std::string>(std::move(piece)));
  };
}

/// All of a source, or its error.
inline Task<Result<std::string>> read_all(BodySource source) {
  std::string all;
  while (true) {
    DT_CO_TRY_ASSIGN(const std::string piece, co_await source());
    if (piece.empty()) co_return all;
    all += piece;
  }
}

}  // namespace dtenv
