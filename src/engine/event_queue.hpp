#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/units.hpp"

namespace dtenv {

/// What may be dropped when the reader is slow: progress first, then output (counted), state never.
enum class EventClass { progress, output, state };

/// A bounded queue of JSON lines behind one eventfd. Safe from every thread.
class EventQueue {
 public:
  static Result<std::unique_ptr<EventQueue>> make(std::size_t limit);
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  int fd() const { return fd_; }  ///< readable while an event or a wakeup is there
  void push(EventClass kind, std::string line);
  /// nullopt after `limit` (nullopt: wait for ever), a wakeup, or once closed and empty.
  std::optional<std::string> pop(std::optional<Duration> limit);
  void wakeup();
  void close();
  bool closed() const;
  std::size_t size() const;
  std::uint64_t dropped_progress() const;
  std::uint64_t dropped_output() const;

 private:
  struct Entry {
    EventClass kind;
    std::string line;
  };
  EventQueue(int fd, std::size_t limit) : fd_(fd), limit_(limit) {}
  bool make_room(EventClass kind);
  bool drop_oldest(EventClass kind);
  void signal() const;
  void settle();

  const int fd_;
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Entry> entries_;
  std::size_t counts_[3] = {0, 0, 0};
  bool woken_ = false;
  bool closed_ = false;
  std::uint64_t dropped_[2] = {0, 0};
};

}  // namespace dtenv
