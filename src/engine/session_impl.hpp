#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "engine/event_callback.hpp"
#include "engine/job.hpp"
#include "engine/private_folder.hpp"
#include "host/disk_thread.hpp"
#include "net/curl_loop.hpp"

namespace dtenv {

class SessionImpl final : public Session {
 public:
  SessionImpl(SessionOptions options, std::unique_ptr<EventQueue> events, PrivateFolder folder);
  ~SessionImpl() override;

  int fd() const override { return events_->fd(); }
  Result<std::optional<std::string>> next_event(std::optional<Duration> limit) override;
  void wakeup() override { events_->wakeup(); }
  Result<void> set_callback(EventCallback callback) override;
  Result<void> set_secret(std::string name, Secret value) override;
  std::string dump() const override;
  Result<void> shutdown(Duration grace) override;
  Result<std::shared_ptr<Job>> submit(JobKind kind, std::string document,
                                      std::string approved_plan) override;

 private:
  void start_next();
  bool in_callback() const;
  HostMaker host_maker();
  const Secret* find_secret(std::string_view name) const;

  const SessionOptions options_;
  const std::shared_ptr<EventQueue> events_;
  const PrivateFolder folder_;
  const std::shared_ptr<LoopThread> loop_;
  DiskThread disk_;                                  // ends after the loop
  std::unique_ptr<CurlLoop> curl_;                   // made and ended on the loop
  std::uint64_t sequence_ = 0;                       // the loop thread's alone
  std::shared_ptr<RunningJob> current_;              // the loop thread's alone
  std::deque<std::shared_ptr<RunningJob>> waiting_;  // the loop thread's alone

  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<RunningJob>> jobs_;
  std::map<std::string, std::shared_ptr<const Secret>, std::less<>> secrets_;
  std::vector<std::shared_ptr<const Secret>> replaced_;  // a running job may still look at them
  std::unique_ptr<EventCallbackThread> callback_;
  std::uint64_t job_count_ = 0;
  bool closing_ = false;
};

}  // namespace dtenv
