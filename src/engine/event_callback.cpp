#include "engine/event_callback.hpp"

#include "base/thread.hpp"

namespace dtenv {

EventCallbackThread::EventCallbackThread(std::shared_ptr<EventQueue> queue, EventCallback callback)
    : queue_(std::move(queue)) {
  thread_ = start_thread("dtenv-events",
                         [queue = queue_, stopped = stopped_, callback = std::move(callback)] {
                           while (!*stopped) {
                             const auto line = queue->pop(std::nullopt);
                             if (line && !*stopped) callback(*line);
                             if (!line && queue->closed()) return;
                           }
                         });
}

EventCallbackThread::~EventCallbackThread() {
  *stopped_ = true;
  queue_->wakeup();
  if (on_it())
    thread_.detach();
  else
    thread_.join();
}

}  // namespace dtenv
