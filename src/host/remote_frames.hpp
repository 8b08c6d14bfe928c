#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "proc/capture.hpp"

namespace dtenv {

/// A constant program of ours ("sh", "-c", TEXT, "dtenv", words…) that may run in the far shell
/// itself.
bool is_brief(const Command& command);
/// TEXT of a brief command; its perl where there is some, for `remote_agent`.
const std::string& brief_text(const Command& command, bool has_agent);

/// What of a channel's state its next request depends on.
struct ChannelState {
  std::string nonce;      ///< of the request before; empty: there was none
  int pid = 0;            ///< of the command before
  int program = 0;        ///< of a brief command: the number under which the far shell keeps it
  bool is_known = false;  ///< that shell has it already
};

/// One request as the remote program reads it: its line; the text of a brief program that is not
/// known there; and `command.input`. INVALID for a NUL byte, which no argv can hold.
Result<std::string> remote_request(const Command& command, const std::string& nonce,
                                   const ChannelState& channel = {}, std::string_view text = {});
/// Asks for the user's number now, and before sudo.
std::string remote_hello(const std::string& nonce);
/// Only makes a brief program known to a shell. Goes before one that has an input: a `head` that
/// takes more than it is asked for would take that too.
std::string remote_definition(const std::string& nonce, const ChannelState& channel,
                              std::string_view text);

/// Takes one answer out of one stream of a channel: noise before the first (a message of the day,
/// what an rc file prints) is dropped, the output goes to the capture, the end gives the status.
class RemoteFrame {
 public:
  RemoteFrame(std::string nonce, Stream stream, bool is_first = true)
      : nonce_(std::move(nonce)),
        stream_(stream),
        state_(is_first ? State::waiting : State::inside) {}

  void feed(std::string_view bytes, Capture& capture);
  bool started() const { return state_ != State::waiting; }
  bool ended() const { return state_ == State::ended || state_ == State::refused; }
  bool refused() const { return state_ == State::refused; }
  /// The far end is `remote_agent`; only the first answer says so.
  bool has_agent() const { return has_agent_; }
  /// The numbers after the start's and the end's letter; 0 where there was none.
  int pid() const { return pid_; }
  int status() const { return status_; }
  /// The last of what came before the answer: for ssh's own words.
  std::string noise() const;

 private:
  enum class State { waiting, inside, ended, refused };
  bool step(Capture& capture);
  void pass(std::size_t count, Capture& capture);

  std::string nonce_;
  Stream stream_;
  State state_;
  std::string buffer_;
  std::string noise_;
  bool has_agent_ = false;
  int pid_ = 0;
  int status_ = 0;
};

}  // namespace dtenv
