#include "net/hijack.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "base/text.hpp"
#include "net/curl_transfer.hpp"
#include "net/docker_errors.hpp"

namespace dtenv {

namespace {

constexpr std::size_t head_limit = std::size_t{64} << 10;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// A cancelled wait leaves as every other does: by exception.
void throw_if_cancelled(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
}

}  // namespace

Result<ReplyHead> parse_reply_head(std::string_view head) {
  ReplyHead reply;
  const auto lines = split_lines(head);
  const auto words = lines.empty() ? std::vector<std::string_view>{} : split_words(lines[0]);
  const auto status = words.size() > 1 ? parse_integer(words[1], 100, 599) : std::nullopt;
  if (!status || !starts_with(words[0], "HTTP/1."))
    return Error{Status::io, "the reply is not HTTP/1: " + visible(head)};
  reply.status = static_cast<int>(*status);
  for (std::size_t at = 1; at < lines.size(); ++at) {
    const auto colon = lines[at].find(':');
    if (colon == std::string_view::npos) continue;
    const std::string name = lower(lines[at].substr(0, colon));
    const auto value = trim(lines[at].substr(colon + 1));
    if (name == "content-length")
      reply.content_length =
          static_cast<std::size_t>(parse_integer(value, 0, static_cast<std::int64_t>(head_limit))
                                       .value_or(static_cast<std::int64_t>(head_limit)));
    if (name == "transfer-encoding") reply.chunked = contains(lower(value), "chunked");
  }
  return reply;
}

Task<Result<void>> Hijack::connect(std::string socket_path) {
  const asio::local::stream_protocol::endpoint endpoint(socket_path);
  const auto [refused] = co_await socket_.async_connect(endpoint, as_result);
  throw_if_cancelled(refused);
  if (refused) co_return socket_error(socket_path);
  co_return Result<void>{};
}

Task<Result<void>> Hijack::open(std::string target, std::string body, std::string what) {
  what_ = std::move(what);
  const std::string request = "POST " + target +
                              " HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\n"
                              "Upgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
  was_sent_ = true;
  const auto [broken, sent] = co_await asio::async_write(socket_, asio::buffer(request), as_result);
  throw_if_cancelled(broken);
  if (broken) co_return Error{Status::io, what_ + ": sending: " + broken.message()};

  std::size_t end = std::string::npos;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (unread_.size() > head_limit)
      co_return Error{Status::io, what_ + ": the reply's head is too long"};
    DT_CO_TRY_ASSIGN(const std::size_t count, co_await read_some());
    if (count == 0) co_return Error{Status::io, what_ + ": closed without a reply"};
  }
  const std::string head = unread_.substr(0, end + 2);
  unread_.erase(0, end + 4);
  auto reply = parse_reply_head(head);
  if (reply.has_error()) co_return Error{Status::io, what_ + ": " + reply.error().message};
  if (reply->status == 101) co_return Result<void>{};
  if (reply->status == 200 && !reply->chunked) co_return Result<void>{};
  if (reply->status < 300)
    co_return Error{Status::unsupported, what_ +
                                             ": something between here and the engine does not "
                                             "let a connection be upgraded"};
  DT_CO_TRY_ASSIGN(const std::string words,
                   co_await read_error_body(reply->chunked ? head_limit : reply->content_length));
  co_return engine_error(reply->status, words, what_);
}

Task<Result<std::size_t>> Hijack::read_some() {
  std::array<char, std::size_t{64} << 10> piece;
  const auto [error, count] = co_await socket_.async_read_some(asio::buffer(piece), as_result);
  throw_if_cancelled(error);
  if (error && error != asio::error::eof)
    co_return Error{Status::io, what_ + ": reading: " + error.message()};
  unread_.append(piece.data(), count);
  co_return count;
}

Task<Result<std::string>> Hijack::read_error_body(std::size_t length) {
  while (unread_.size() < length) {
    DT_CO_TRY_ASSIGN(const std::size_t count, co_await read_some());
    if (count == 0) break;
  }
  co_return std::move(unread_);
}

Task<Result<void>> Hijack::read_to(StreamDemux& demux) {
  while (true) {
    auto fed = demux.feed(std::exchange(unread_, {}));
    if (fed.has_error()) co_return Error{fed.error().status, what_ + ": " + fed.error().message};
    DT_CO_TRY_ASSIGN(const std::size_t count, co_await read_some());
    if (count == 0) break;
  }
  auto whole = demux.finish();
  if (whole.has_error()) co_return Error{Status::io, what_ + ": " + whole.error().message};
  co_return Result<void>{};
}

Task<void> Hijack::write(const std::string& input, bool last) {
  const auto [error, sent] = co_await asio::async_write(socket_, asio::buffer(input), as_result);
  throw_if_cancelled(error);
  if (!last) co_return;
  boost::system::error_code ignored;
  socket_.shutdown(asio::local::stream_protocol::socket::shutdown_send, ignored);
}

void Hijack::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace dtenv
