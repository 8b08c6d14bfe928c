#include "base/parallel.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/deadline.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

struct Count {
  int running = 0;
  int most = 0;
  int done = 0;
};

Task<void> work(Count& count, Duration time) {
  count.most = std::max(count.most, ++count.running);
  co_await pause(time);
  --count.running;
  ++count.done;
}

}  // namespace

TEST_SUITE("for_each_parallel") {
  TEST_CASE("runs all of it within the window") {
    boost::asio::io_context io;
    Count count;
    bool ended = false;
    boost::asio::co_spawn(
        io, for_each_parallel(50, 8, [&](std::size_t) { return work(count, Duration(1)); }),
        [&](std::exception_ptr failure) { ended = !failure; });
    io.run();
    CHECK(ended);
    CHECK(count.done == 50);
    CHECK(count.most == 8);
  }

  TEST_CASE("a cancellation reaches every one and then ends it") {
    boost::asio::io_context io;
    Count count;
    bool aborted = false;
    boost::asio::cancellation_signal signal;
    boost::asio::co_spawn(
        io,
        for_each_parallel(5, 8, [&](std::size_t) { return work(count, std::chrono::hours(1)); }),
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr failure) { aborted = failure != nullptr; }));
    boost::asio::steady_timer timer(io, Duration(5));
    timer.async_wait(
        [&](boost::system::error_code) { signal.emit(boost::asio::cancellation_type::terminal); });
    io.run();
    CHECK(aborted);
    CHECK(count.done == 0);
  }

  TEST_CASE("nothing to do ends at once") {
    boost::asio::io_context io;
    bool ended = false;
    boost::asio::co_spawn(io, for_each_parallel(0, 8, {}),
                          [&](std::exception_ptr) { ended = true; });
    io.run();
    CHECK(ended);
  }

  TEST_CASE("a deadline ends a wait and says what did not end") {
    boost::asio::io_context io;
    Result<int> result = 0;
    const auto never = []() -> Task<Result<int>> {
      co_await pause(std::chrono::hours(1));
      co_return 1;
    };
    boost::asio::co_spawn(
        io, with_deadline(never(), Duration(5), "the work"),
        [&](std::exception_ptr, Result<int> value) { result = std::move(value); });
    io.run();
    REQUIRE(!result);
    CHECK(result.error().status == Status::timeout);
    CHECK(result.error().message == "the work: no end after 5 ms");
  }
}
