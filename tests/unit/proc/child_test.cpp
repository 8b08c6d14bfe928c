#include "unit/doctest_result.hpp"

#include "proc/child.hpp"
#include "proc/environment.hpp"
#include "support/loop.hpp"

namespace dtenv {
namespace {

Task<std::string> echo_twice(Child& child) {
  std::string seen;
  const std::string first = "one\n";
  const std::string second = "two\n";
  auto written = co_await child.write(first);
  while (written && seen.size() < 4) co_await child.read(Stream::out, seen);
  written = co_await child.write(second);
  while (written && seen.size() < 8) co_await child.read(Stream::out, seen);
  child.close_input();
  bool more = true;
  while (more) more = co_await child.read(Stream::out, seen);
  auto ended = co_await child.process().wait();
  co_return ended ? seen + std::to_string(ended->exit_code) : std::string("lost");
}

Task<Result<void>> write_to_dead(Child& child) {
  co_await child.process().exited();
  const std::string bytes(std::size_t{1} << 20, 'x');
  co_return co_await child.write(bytes);
}

TEST_SUITE("Child") {
  TEST_CASE("holds a conversation") {
    asio::io_context loop;
    auto child = Child::start(loop.get_executor(), {"cat"}, child_environment(false));
    REQUIRE(child);
    CHECK(run_on(loop, echo_twice(*child)) == "one\ntwo\n0");
  }

  TEST_CASE("writing to one that is gone is an error and no SIGPIPE") {
    asio::io_context loop;
    auto child = Child::start(loop.get_executor(), {"true"}, child_environment(false));
    REQUIRE(child);
    const auto written = run_on(loop, write_to_dead(*child));
    REQUIRE(!written);
    CHECK(written.error().status == Status::io);
  }

  TEST_CASE("a program that is not there is NOT_FOUND") {
    asio::io_context loop;
    auto child = Child::start(loop.get_executor(), {"no-such-program"}, child_environment(false));
    REQUIRE(!child);
    CHECK(child.error().status == Status::not_found);
  }
}

}  // namespace
}  // namespace dtenv
