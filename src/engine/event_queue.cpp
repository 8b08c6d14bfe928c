#include "engine/event_queue.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dtenv {

Result<std::unique_ptr<EventQueue>> EventQueue::make(std::size_t limit) {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return io_error("eventfd", errno);
  return std::unique_ptr<EventQueue>(new EventQueue(fd, std::max<std::size_t>(limit, 16)));
}

EventQueue::~EventQueue() {
  ::close(fd_);
}

bool EventQueue::drop_oldest(EventClass kind) {
  const auto at = static_cast<std::size_t>(kind);
  if (counts_[at] == 0) return false;
  const auto oldest = std::find_if(entries_.begin(), entries_.end(),
                                   [&](const Entry& entry) { return entry.kind == kind; });
  entries_.erase(oldest);
  --counts_[at];
  ++dropped_[at];
  return true;
}

/// State always finds room: a plan bounds how many such events there can be.
bool EventQueue::make_room(EventClass kind) {
  if (entries_.size() < limit_ || drop_oldest(EventClass::progress)) return true;
  if (kind == EventClass::progress) return false;
  return drop_oldest(EventClass::output) || kind == EventClass::state;
}

void EventQueue::push(EventClass kind, std::string line) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (!make_room(kind)) {
    ++dropped_[static_cast<std::size_t>(kind)];
    return;
  }
  entries_.push_back({kind, std::move(line)});
  ++counts_[static_cast<std::size_t>(kind)];
  signal();
  ready_.notify_one();
}

std::optional<std::string> EventQueue::pop(std::optional<Duration> limit) {
  std::unique_lock lock(mutex_);
  const auto something = [&] { return !entries_.empty() || woken_ || closed_; };
  if (!limit)
    ready_.wait(lock, something);
  else
    ready_.wait_for(lock, *limit, something);
  std::optional<std::string> line;
  if (!entries_.empty()) {
    --counts_[static_cast<std::size_t>(entries_.front().kind)];
    line = std::move(entries_.front().line);
    entries_.pop_front();
  } else {
    woken_ = false;
  }
  settle();
  return line;
}

void EventQueue::wakeup() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  signal();
  ready_.notify_all();
}

void EventQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  signal();
  ready_.notify_all();
}

void EventQueue::signal() const {
  const std::uint64_t one = 1;
  // Full (EAGAIN) is readable already; nothing else can fail on an eventfd.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

/// Called with the lock held: the fd is readable exactly while there is something to take.
void EventQueue::settle() {
  if (!entries_.empty() || woken_ || closed_) return;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
}

bool EventQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t EventQueue::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::uint64_t EventQueue::dropped_progress() const {
  const std::lock_guard lock(mutex_);
  return dropped_[0];
}

std::uint64_t EventQueue::dropped_output() const {
  const std::lock_guard lock(mutex_);
  return dropped_[1];
}

}  // namespace dtenv
