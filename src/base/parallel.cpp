#include "base/parallel.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <exception>
#include <memory>

namespace dtenv {

namespace {

struct Group {
  explicit Group(asio::any_io_executor executor)
      : ended(executor, asio::steady_timer::time_point::max()) {}
  std::function<Task<void>(std::size_t)> work;
  std::size_t next = 0;
  std::size_t count = 0;
  std::size_t running = 0;
  std::exception_ptr failure;
  asio::steady_timer ended;  ///< cancelled when the last worker is through
  std::deque<asio::cancellation_signal> signals;
};

Task<void> take_turns(std::shared_ptr<Group> group) {
  while (group->next < group->count) {
    const std::size_t index = group->next++;
    co_await group->work(index);
  }
}

}  // namespace

Task<void> for_each_parallel(std::size_t count, std::size_t window,
                             std::function<Task<void>(std::size_t)> work) {
  const auto executor = co_await asio::this_coro::executor;
  const auto group = std::make_shared<Group>(executor);
  group->work = std::move(work);
  group->count = count;
  group->running = std::min(count, std::max<std::size_t>(window, 1));
  group->signals.resize(group->running);
  for (asio::cancellation_signal& signal : group->signals)
    asio::co_spawn(executor, take_turns(group),
                   asio::bind_cancellation_slot(signal.slot(), [group](std::exception_ptr failure) {
                     if (failure && !group->failure) group->failure = failure;
                     if (--group->running == 0) group->ended.cancel();
                   }));
  bool cancelled = false;
  while (group->running > 0) {
    boost::system::error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await group->ended.async_wait(token);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (cancelled || state.cancelled() == asio::cancellation_type::none) continue;
    cancelled = true;
    co_await asio::this_coro::reset_cancellation_state();
    group->next = group->count;
    for (asio::cancellation_signal& signal : group->signals)
      signal.emit(asio::cancellation_type::terminal);
  }
  if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
  if (group->failure) std::rethrow_exception(group->failure);
}

}  // namespace dtenv
