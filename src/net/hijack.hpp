#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/stream_demux.hpp"

namespace dtenv {

/// A connection that an HTTP request has turned into two byte streams (101, or 200 where no upgrade
/// is spoken). curl does not do this.
class Hijack {
 public:
  explicit Hijack(asio::any_io_executor executor) : socket_(std::move(executor)) {}

  Task<Result<void>> connect(std::string socket_path);
  /// POSTs `body` to `target` and reads the reply's head. Error replies are the engine's.
  Task<Result<void>> open(std::string target, std::string body, std::string what);
  /// Whether the request may have reached the engine.
  bool was_sent() const { return was_sent_; }
  /// Everything to the connection's end through `demux`.
  Task<Result<void>> read_to(StreamDemux& demux);
  /// Sends `input`, and closes the sending half unless more is to come. A far side that stops
  /// reading is no error: its program has ended, and its status says how.
  Task<void> write(const std::string& input, bool last);
  void close();

 private:
  Task<Result<std::size_t>> read_some();
  Task<Result<std::string>> read_error_body(std::size_t length);

  asio::local::stream_protocol::socket socket_;
  std::string what_;
  bool was_sent_ = false;
  std::string unread_;  // what came behind the head
};

/// The parts of a reply's head that matter here.
struct ReplyHead {
  int status = 0;
  std::size_t content_length = 0;
  bool chunked = false;
};
/// `head` ends with its empty line. IO where it is not HTTP/1.
Result<ReplyHead> parse_reply_head(std::string_view head);

}  // namespace dtenv
