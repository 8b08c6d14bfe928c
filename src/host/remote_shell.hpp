#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.hpp"
#include "base/task.hpp"
#include "host/remote_frames.hpp"
#include "proc/child.hpp"

namespace dtenv {

/// The near end of one channel: a child whose far side is `remote_program` or `remote_agent`, one
/// command at a time. Knows nothing of how the child reaches it.
class RemoteShell {
 public:
  explicit RemoteShell(Child child);
  RemoteShell(const RemoteShell&) = delete;
  RemoteShell& operator=(const RemoteShell&) = delete;

  /// How one exchange came out.
  enum class End {
    done,
    refused,   ///< not run: the previous command left processes behind
    closed,    ///< the channel is gone
    timed_out  ///< the command runs on
  };

  /// The first exchange may be this one: who is there? The outcome says "UID LOGIN-UID".
  Task<Result<End>> hello(Duration timeout);
  /// Sends the request and takes the answer. May be left in the middle (a cancel, a timeout): then
  /// `finish()` comes before the next one.
  Task<Result<End>> run(const Command& command, OutputSink sink);
  /// Takes the rest of an answer that was left in the middle; the output is dropped.
  Task<End> finish();
  /// Waits until the far side has said which process the command is, or how it ended, while
  /// `finish()` listens.
  Task<void> started();

  /// Something of the far side has come.
  bool has_answered() const { return exchange_ && exchange_->out.started(); }
  bool has_ended() const { return exchange_ && exchange_->out.ended(); }
  /// The process group of the command on the far side; 0: not known.
  int pid() const { return exchange_ ? exchange_->out.pid() : 0; }
  Outcome take_outcome();
  /// What came before any answer: rc files' words, and ssh's.
  std::string noise() const;
  Process& process() { return child_.process(); }

 private:
  struct Exchange {
    Exchange(const std::string& nonce, const Command& command, OutputSink sink, bool is_first)
        : out(nonce, Stream::out, is_first),
          err(nonce, Stream::err, is_first),
          capture(command, std::move(sink)) {}
    RemoteFrame out;
    RemoteFrame err;
    Capture capture;
    std::string unsent;
    std::size_t sent = 0;
  };

  Task<Result<End>> exchange(const std::string& nonce, std::string request, const Command& command,
                             OutputSink sink);
  Task<Result<End>> make_known(const Command& command, const std::string& text);
  Task<void> take(Stream stream);
  Task<void> take_piece(Stream stream);
  Task<void> send();
  Task<void> drive();
  End end() const;

  Child child_;
  asio::steady_timer progress_;  // never expires: cancelled when a piece has come
  std::optional<Exchange> exchange_;
  std::string piece_[2];
  bool closed_ = false;
  bool has_agent_ = false;
  ChannelState state_;
  std::unordered_map<std::string, int> programs_;  // those the far side keeps, by their texts
};

}  // namespace dtenv
