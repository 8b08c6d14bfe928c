#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dtenv {

namespace asio = boost::asio;

/// Work that waits. It runs on the session's one loop thread and ends on cancel.
/// g++ 12: pass named variables to an awaited call, never braced or temporary aggregates (PR
/// 99576), and never make a capturing lambda a coroutine.
template <class T>
using Task = asio::awaitable<T>;

}  // namespace dtenv
