#include <poll.h>

#include <thread>

#include "engine/event_queue.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

}  // namespace

TEST_SUITE("EventQueue") {
  TEST_CASE("its fd is readable exactly while an event waits") {
    const auto queue = *EventQueue::make(16);
    CHECK(!readable(queue->fd()));
    queue->push(EventClass::state, "a");
    queue->push(EventClass::state, "b");
    CHECK(readable(queue->fd()));
    CHECK(queue->pop(Duration(0)) == "a");
    CHECK(readable(queue->fd()));
    CHECK(queue->pop(Duration(0)) == "b");
    CHECK(!readable(queue->fd()));
    CHECK(!queue->pop(Duration(0)));
  }

  TEST_CASE("drops progress first, then output, and never state") {
    const auto queue = *EventQueue::make(16);
    for (int i = 0; i < 100; ++i) {
      queue->push(EventClass::progress, "progress");
      queue->push(EventClass::output, "output");
      queue->push(EventClass::state, "state");
    }
    CHECK(queue->size() == 100);
    CHECK(queue->dropped_progress() == 100);
    CHECK(queue->dropped_output() == 100);
    for (int i = 0; i < 100; ++i) CHECK(queue->pop(Duration(0)) == "state");
  }

  TEST_CASE("a wakeup ends a wait from another thread") {
    const auto queue = *EventQueue::make(16);
    std::thread other([&] { queue->wakeup(); });
    CHECK(!queue->pop(std::chrono::seconds(30)));
    other.join();
    CHECK(!readable(queue->fd()));
  }

  TEST_CASE("closed, it gives what it has and then nothing for ever") {
    const auto queue = *EventQueue::make(16);
    queue->push(EventClass::state, "last");
    queue->close();
    CHECK(queue->pop(std::nullopt) == "last");
    CHECK(!queue->pop(std::nullopt));
    CHECK(!queue->pop(std::nullopt));
  }
}
