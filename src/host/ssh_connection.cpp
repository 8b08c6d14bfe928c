#include "host/ssh_connection.hpp"

#include <signal.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/deadline.hpp"
#include "host/remote_program.hpp"
#include "proc/environment.hpp"

namespace dtenv {

namespace {

using namespace asio::experimental::awaitable_operators;

constexpr std::size_t max_channels = 6;
constexpr int max_refusals = 16;
/// How long a command that was called off may take to end before its channel is given up.
constexpr Duration settle_time = std::chrono::seconds(2);

std::string shown(const Command& command) {
  return visible(show_argv(command.argv), 120);
}

}  // namespace

/// A channel in use. Left without an end (a cancel), its command is ended in the background.
struct SshConnection::Lease {
  std::shared_ptr<SshConnection> connection;
  ChannelPtr channel;

  Lease(std::shared_ptr<SshConnection> connection_, ChannelPtr channel_)
      : connection(std::move(connection_)), channel(std::move(channel_)) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (!channel) return;
    const asio::any_io_executor executor = connection->executor_;
    asio::co_spawn(executor, settle(std::move(connection), std::move(channel)), asio::detached);
  }
  ChannelPtr end() { return std::move(channel); }
};

/// The channel that ends another's command: given back on every way out.
struct SshConnection::KillChannel {
  SshConnection& connection;
  ChannelPtr channel;
  bool is_fit = false;

  ~KillChannel() {
    if (is_fit)
      connection.release(channel);
    else
      connection.retire(channel);
  }
};

SshConnection::SshConnection(asio::any_io_executor executor, SshDial dial)
    : executor_(std::move(executor)),
      dial_(std::move(dial)),
      changed_(executor_, asio::steady_timer::time_point::max()),
      limit_(max_channels) {}

Task<Result<Outcome>> SshConnection::run(const Command& command, OutputSink sink) {
  const auto self = shared_from_this();
  for (int refusals = 0;; ++refusals) {
    DT_CO_TRY_ASSIGN(ChannelPtr channel, co_await acquire(0));
    Lease lease(self, channel);
    auto end = co_await channel->shell.run(command, sink);
    lease.end();
    if (!end) {
      release(channel);
      co_return end.error();
    }
    switch (*end) {
      case RemoteShell::End::done: {
        Outcome outcome = channel->shell.take_outcome();
        release(channel);
        co_return outcome;
      }
      case RemoteShell::End::timed_out:
        co_await settle(self, channel);
        co_return Error{Status::timeout,
                        shown(command) + ": no end after " + show_duration(command.timeout)};
      case RemoteShell::End::refused:
        retire(channel);
        break;
      case RemoteShell::End::closed: {
        // A machine that allows few sessions closes one more at once: use those that work.
        const bool unstarted = !channel->shell.has_answered() && channel != master_ && !lost_;
        retire(channel);
        if (!unstarted || channels_.empty()) co_return co_await why_closed(command);
        limit_ = channels_.size();
        break;
      }
    }
    if (refusals == max_refusals)
      co_return Error{Status::host, shown(command) + ": no channel of the connection takes it"};
  }
}

Task<Result<SshConnection::ChannelPtr>> SshConnection::acquire(std::size_t extra) {
  for (;;) {
    if (lost_) co_return *lost_;
    if (!master_) co_return Error{Status::host, "ssh " + dial_.options().host + ": not connected"};
    if (!idle_.empty()) {
      ChannelPtr channel = std::move(idle_.back());
      idle_.pop_back();
      // Whether a command begins on one that is gone could not be told any more.
      if (channel == master_ || !channel->shell.process().has_exited()) co_return channel;
      retire(channel);
      continue;
    }
    if (channels_.size() < limit_ + extra) {
      DT_CO_TRY_ASSIGN(Child child,
                       Child::start(executor_, dial_.channel(), child_environment(true)));
      channels_.push_back(std::make_shared<Channel>(std::move(child)));
      co_return channels_.back();
    }
    co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void SshConnection::release(const ChannelPtr& channel) {
  if (!lost_) idle_.push_back(channel);
  changed_.cancel();
}

/// Gives a channel up. The master's is kept open, unused: its end would be the connection's.
void SshConnection::retire(const ChannelPtr& channel) {
  channels_.erase(std::remove(channels_.begin(), channels_.end(), channel), channels_.end());
  if (channel != master_) channel->shell.process().signal_group(SIGKILL);
  changed_.cancel();
}

void SshConnection::lose(Error why) {
  if (!lost_) lost_ = std::move(why);
  idle_.clear();
  // Their ends are what pending commands wait for.
  for (const ChannelPtr& channel : channels_)
    if (channel != master_) channel->shell.process().signal_group(SIGKILL);
  changed_.cancel();
}

Task<Error> SshConnection::why_closed(const Command& command) {
  // The channel's end is often seen a moment before the connection's.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!lost_ && std::chrono::steady_clock::now() < deadline) {
    const Duration left = std::chrono::ceil<Duration>(deadline - std::chrono::steady_clock::now());
    co_await (changed_.async_wait(asio::as_tuple(asio::use_awaitable)) || pause(left));
  }
  Error why = lost_ ? *lost_
                    : Error{Status::host,
                            "ssh " + dial_.options().host + ": the machine closed the channel"};
  why.message = shown(command) + ": cut off, its end is not known: " + why.message;
  co_return why;
}

Task<void> SshConnection::settle(std::shared_ptr<SshConnection> self, ChannelPtr channel) {
  auto first = co_await (self->end_command(*channel) || pause(settle_time));
  if (first.index() == 0 && std::get<0>(first))
    self->release(channel);
  else
    self->retire(channel);
}

/// True if the command has ended and the channel is fit for the next one.
Task<bool> SshConnection::end_command(Channel& channel) {
  auto end = co_await (channel.shell.finish() && kill_group(channel));
  if (end != RemoteShell::End::done) co_return false;
  channel.shell.take_outcome();
  co_return true;
}

Task<void> SshConnection::kill_group(Channel& channel) {
  co_await channel.shell.started();
  if (channel.shell.pid() <= 0 || channel.shell.has_ended()) co_return;
  auto other = co_await acquire(1);
  if (!other) co_return;
  KillChannel killing{*this, *other};
  Command command;
  command.argv = {"sh", "-c", std::string(kill_program), "dtenv",
                  std::to_string(channel.shell.pid())};
  command.timeout = std::chrono::seconds(10);
  auto end = co_await (*other)->shell.run(command, {});
  if (!end || *end != RemoteShell::End::done) co_return;
  (*other)->shell.take_outcome();
  killing.is_fit = channels_.size() <= limit_;
}

}  // namespace dtenv
