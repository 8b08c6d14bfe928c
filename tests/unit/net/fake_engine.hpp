#pragma once

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "base/text.hpp"

namespace dtenv {

/// An engine on a unix socket that says what it was told to say, piece by piece.
class FakeEngine {
 public:
  struct Reply {
    std::vector<std::string> pieces;
    bool reads_body = true;  // before it answers
    bool hangs = false;      // keeps the connection open after the last piece
  };

  explicit FakeEngine(asio::io_context& loop) : acceptor_(loop) {
    char folder[] = "/tmp/dtenv-net-XXXXXX";
    folder_ = ::mkdtemp(folder);
    path_ = folder_ + "/docker.sock";
    acceptor_.open();
    acceptor_.bind(path_);
    acceptor_.listen();
    on("HEAD /_ping", head(200, "Api-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\n"));
    on("GET /version", json(200, R"({"Version":"20.10.24","MinAPIVersion":"1.12"})"));
    asio::co_spawn(loop, accept(), asio::detached);
  }
  ~FakeEngine() {
    ::unlink(path_.c_str());
    ::rmdir(folder_.c_str());
  }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  const std::string& path() const { return path_; }
  /// `request`: "POST /build", without version and query.
  void on(const std::string& request, Reply reply) { replies_[request] = std::move(reply); }
  void on(const std::string& request, std::string bytes) { on(request, Reply{{std::move(bytes)}}); }

  static std::string head(int status, const std::string& headers) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers + "\r\n";
  }
  static std::string text(int status, const std::string& body, const std::string& type) {
    return head(status, "Content-Type: " + type +
                            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") +
           body;
  }
  static std::string json(int status, const std::string& body) {
    return text(status, body, "application/json");
  }
  static std::string chunk(const std::string& body) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    return size + body + "\r\n";
  }

  std::vector<std::string> requests;  // "POST /build?t=x", versions left out
  std::vector<std::string> targets;   // as they came: "/v1.41/build?t=x"
  std::string last_body;              // raw: chunked where it was sent so

 private:
  using Socket = asio::local::stream_protocol::socket;

  Task<void> accept() {
    while (true) {
      Socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
    }
  }

  static Task<bool> read_more(Socket& socket, std::string& bytes) {
    char piece[65536];
    const auto [error, count] =
        co_await socket.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
    bytes.append(piece, count);
    co_return !error;
  }

  static bool is_whole(const std::string& head, const std::string& body) {
    const std::string lowered = lower(head);
    if (contains(lowered, "transfer-encoding: chunked")) return ends_with(body, "0\r\n\r\n");
    const auto at = lowered.find("content-length: ");
    return at == std::string::npos || body.size() >= std::stoul(lowered.substr(at + 16));
  }

  Task<void> serve(Socket socket) {
    std::string bytes;
    while (!contains(bytes, "\r\n\r\n")) {
      const bool more = co_await read_more(socket, bytes);
      if (!more) co_return;
    }
    const auto end = bytes.find("\r\n\r\n") + 4;
    const std::string request_head = bytes.substr(0, end);
    std::string body = bytes.substr(end);
    const std::string first_line = request_head.substr(0, request_head.find("\r\n"));
    const auto words = split_words(first_line);
    std::string target(words[1]);
    targets.push_back(target);
    if (starts_with(target, "/v1.")) target.erase(0, target.find('/', 1));
    requests.push_back(std::string(words[0]) + ' ' + target);
    const auto found =
        replies_.find(std::string(words[0]) + ' ' + target.substr(0, target.find('?')));
    const Reply reply = found == replies_.end()
                            ? Reply{{json(404, R"({"message":"page not found"})")}}
                            : found->second;
    for (bool more = reply.reads_body; more && !is_whole(request_head, body);)
      more = co_await read_more(socket, body);
    last_body = body;
    for (const auto& piece : reply.pieces) {
      co_await asio::async_write(socket, asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
      // Lets the other side read this piece alone.
      for (int turn = 0; turn < 4; ++turn) co_await asio::post(asio::use_awaitable);
    }
    for (bool more = reply.hangs; more;) more = co_await read_more(socket, body);
    boost::system::error_code ignored;
    socket.shutdown(Socket::shutdown_send, ignored);
    for (bool more = true; more;) more = co_await read_more(socket, body);
  }

  asio::local::stream_protocol::acceptor acceptor_;
  std::string folder_;
  std::string path_;
  std::map<std::string, Reply> replies_;
};

}  // namespace dtenv
