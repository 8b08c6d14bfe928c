#include "steps/package_lock.hpp"

#include "base/deadline.hpp"
#include "formats/apt_output.hpp"

namespace dtenv {
namespace {

constexpr Duration ask_again = std::chrono::seconds(2);

/// Tells progress of a lock and who holds it, and hands all on.
class LockTeller {
 public:
  LockTeller(Progress& progress, OutputSink sink) : progress_(progress), sink_(std::move(sink)) {}

  void take(Stream stream, std::string_view bytes) {
    if (sink_) sink_(stream, bytes);
    tell(held_lock(bytes));
  }

  void tell(const std::string& lock) {
    if (lock.empty()) return;
    told_ = best_known(lock);
    progress_.text("waiting for " + told_);
  }

  /// The same lock with its holder, where apt named one while it waited.
  std::string best_known(const std::string& lock) const {
    const bool named = !ends_with(lock, "another process");
    return !named && starts_with(told_, lock.substr(0, lock.find(','))) ? told_ : lock;
  }

 private:
  Progress& progress_;
  OutputSink sink_;
  std::string told_;
};

Error still_locked(const Command& command, const std::string& lock, Duration patience) {
  Error error(Status::timeout, visible(show_argv(command.argv), 200) + ": waited " +
                                   show_duration(patience) + " for " + lock + ": nothing was done");
  Problem problem;
  problem.problem = "Another package manager is at work, mostly unattended-upgrades.";
  problem.hint = "Wait until it has ended, then run dtenv again; do not remove the lock's file.";
  error.detail.push_back(std::move(problem));
  return error;
}

}  // namespace

Task<Result<Outcome>> run_when_unlocked(Target& target, const Command& command, Duration patience,
                                        OutputSink sink) {
  LockTeller teller(target.progress, std::move(sink));
  const OutputSink take = [&teller](Stream stream, std::string_view bytes) {
    teller.take(stream, bytes);
  };
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    DT_CO_TRY_ASSIGN(Outcome outcome, co_await target.host.run(command, take));
    std::string lock = outcome.ok() ? std::string() : held_lock(outcome.err);
    if (lock.empty()) co_return outcome;
    lock = teller.best_known(lock);
    teller.tell(lock);
    if (std::chrono::steady_clock::now() + ask_again > deadline)
      co_return still_locked(command, lock, patience);
    co_await pause(ask_again);
  }
}

}  // namespace dtenv
