#include "host/disk_thread.hpp"

#include "base/thread.hpp"

namespace dtenv {

namespace {

/// How long a session's end waits for a write under way.
constexpr Duration end_patience = std::chrono::seconds(1);

}  // namespace

DiskThread::~DiskThread() {
  if (!thread_.joinable()) return;
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->abandoned = true;
    state_->items.clear();
    state_->changed.notify_all();
    ended = state_->changed.wait_for(lock, end_patience, [this] { return state_->ended; });
  }
  if (ended)
    thread_.join();
  else
    thread_.detach();
}

void DiskThread::work_off(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return state->abandoned || !state->items.empty(); });
    if (state->abandoned) break;
    Item item = std::move(state->items.front());
    state->items.pop_front();
    state->doing = Doing{item.what, std::chrono::steady_clock::now()};
    lock.unlock();
    item.work();
    item.work = nullptr;
    lock.lock();
    state->doing.reset();
  }
  state->ended = true;
  state->changed.notify_all();
}

void DiskThread::enqueue(std::string what, std::function<void()> work) {
  if (!thread_.joinable())
    thread_ = start_thread("dtenv-disk", [state = state_] { work_off(state); });
  const std::lock_guard lock(state_->mutex);
  state_->items.push_back({std::move(what), std::move(work)});
  state_->changed.notify_all();
}

std::optional<DiskThread::Doing> DiskThread::doing() const {
  const std::lock_guard lock(state_->mutex);
  return state_->doing;
}

Error DiskThread::hung() const {
  const auto at = doing();
  if (!at) return Error{Status::timeout, "the disk did not answer in time"};
  const auto since =
      std::chrono::round<std::chrono::seconds>(std::chrono::steady_clock::now() - at->since);
  return Error{Status::timeout, at->what + ": the disk has hung for " + show_duration(since)};
}

}  // namespace dtenv
