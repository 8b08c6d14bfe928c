#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/units.hpp"

namespace dtenv {

/// Waits `delay`; ends early with the coroutine's cancellation (which throws, as every wait does).
inline Task<void> pause(Duration delay) {
  asio::steady_timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
}

/// Runs `work`, but at most `limit`: then it is cancelled and the result is
/// TIMEOUT "`what`: no end after 30 s".
template <class T>
Task<Result<T>> with_deadline(Task<Result<T>> work, Duration limit, std::string what) {
  using namespace asio::experimental::awaitable_operators;
  auto first = co_await (std::move(work) || pause(limit));
  if (first.index() == 0) co_return std::move(std::get<0>(first));
  co_return Error{Status::timeout, what + ": no end after " + show_duration(limit)};
}

}  // namespace dtenv
