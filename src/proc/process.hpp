#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/units.hpp"
#include "proc/spawn.hpp"

namespace dtenv {

/// How a process ended.
struct ExitStatus {
  int exit_code = 0;  ///< 128 + signal where a signal ended it
  int signal = 0;
};

/// One running child, held by its pidfd: waited for with waitid(P_PIDFD), so that never another
/// process's status is taken, whatever the embedding process does with its own children. Destroyed
/// while it runs, it is killed with its group and reaped at once.
class Process {
 public:
  Process(asio::any_io_executor executor, Spawned spawned);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  /// Waits for the end without collecting it: until then its number, and its group's, stay its own.
  Task<void> exited();
  bool has_exited();
  /// Waits and collects. CHILD_LOST where the embedding process took the status.
  Task<Result<ExitStatus>> wait();
  /// To the whole group; does nothing once the process is collected or lost.
  void signal_group(int signal);
  /// TERM to the group, KILL to what is left of it after `grace`, then collects.
  Task<Result<ExitStatus>> stop(Duration grace);
  pid_t pid() const { return pid_; }
  asio::any_io_executor executor() { return pidfd_.get_executor(); }

 private:
  bool is_ours() const;
  std::optional<Result<ExitStatus>> collect();
  void kill_now() noexcept;

  pid_t pid_ = -1;  // -1: moved from
  asio::posix::stream_descriptor pidfd_;
  std::optional<Result<ExitStatus>> ended_;
};

/// Stops `process` in the background: for the ways out on which nothing can be waited for.
void stop_detached(Process process, Duration grace);

}  // namespace dtenv
