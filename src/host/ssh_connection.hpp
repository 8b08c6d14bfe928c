#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "host/remote_shell.hpp"
#include "host/ssh_dial.hpp"
#include "host/ssh_failure.hpp"

namespace dtenv {

/// One connection of a machine and its resident channels: one program at the far end of each, at
/// most six, made as they are needed. Shared with the clean-up of commands that were called off,
/// which may outlive the host.
class SshConnection : public std::enable_shared_from_this<SshConnection> {
 public:
  SshConnection(asio::any_io_executor executor, SshDial dial);

  /// Dials; waits and tries again, at most three times, where the machine is busy with logins.
  Task<Result<void>> connect();
  Task<Result<Outcome>> run(const Command& command, OutputSink sink);
  /// Ends the connection and everything on it, without waiting.
  void close();

  const SshDial& dial() const { return dial_; }
  bool is_up() const { return master_ != nullptr && !lost_; }
  /// The user who logged in: with sudo not the one that acts.
  int login_user() const { return login_user_; }

 private:
  struct Channel {
    explicit Channel(Child child) : shell(std::move(child)) {}
    RemoteShell shell;
  };
  using ChannelPtr = std::shared_ptr<Channel>;
  struct Lease;
  struct KillChannel;

  Task<std::optional<SshFailure>> dial_once();
  Task<Result<ChannelPtr>> acquire(std::size_t extra);
  void release(const ChannelPtr& channel);
  void retire(const ChannelPtr& channel);
  void lose(Error why);
  SshFailure failure_of(const Channel& master, std::string_view fallback) const;

  Task<Error> why_closed(const Command& command);
  Task<bool> end_command(Channel& channel);
  Task<void> kill_group(Channel& channel);
  static Task<void> settle(std::shared_ptr<SshConnection> self, ChannelPtr channel);
  static Task<void> watch(std::shared_ptr<SshConnection> self, ChannelPtr master);
  static Task<void> kill_late(ChannelPtr master);

  asio::any_io_executor executor_;
  SshDial dial_;
  asio::steady_timer changed_;  // never expires: cancelled to wake who waits for a channel
  ChannelPtr master_;           // its end is the connection's
  std::vector<ChannelPtr> channels_;
  std::vector<ChannelPtr> idle_;
  std::size_t limit_ = 6;
  std::optional<Error> lost_;
  int login_user_ = -1;
};

}  // namespace dtenv
