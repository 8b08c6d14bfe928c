#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/event_queue.hpp"
#include "engine/session.hpp"

namespace dtenv {

/// Hands events to the embedder's function from a thread of its own, one at a time, no lock held:
/// a slow callback fills the queue and stalls nothing else.
class EventCallbackThread {
 public:
  EventCallbackThread(std::shared_ptr<EventQueue> queue, EventCallback callback);
  /// Joins, or lets the thread go where it is the callback itself that ends us.
  ~EventCallbackThread();
  EventCallbackThread(const EventCallbackThread&) = delete;
  EventCallbackThread& operator=(const EventCallbackThread&) = delete;

  bool on_it() const { return thread_.get_id() == std::this_thread::get_id(); }

 private:
  std::shared_ptr<EventQueue> queue_;
  std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
  std::thread thread_;
};

}  // namespace dtenv
