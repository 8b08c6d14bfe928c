#include "host/remote_shell.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/deadline.hpp"
#include "base/digest.hpp"

namespace dtenv {

namespace {

constexpr std::size_t send_piece = std::size_t{64} << 10;

}  // namespace

RemoteShell::RemoteShell(Child child)
    : child_(std::move(child)),
      progress_(child_.process().executor(), asio::steady_timer::time_point::max()) {}

Task<Result<RemoteShell::End>> RemoteShell::run(const Command& command, OutputSink sink) {
  using namespace asio::experimental::awaitable_operators;
  const std::string nonce = hex(random_bytes(16));
  DT_CO_TRY_ASSIGN(std::string request,
                   remote_request(command, nonce, previous_nonce_, previous_pid_));
  previous_nonce_ = nonce;
  exchange_.emplace(nonce, command, std::move(sink));
  exchange_->unsent = std::move(request);
  auto first = co_await (drive() || pause(command.timeout));
  if (first.index() == 1 && !closed_ && end() == End::closed) co_return End::timed_out;
  co_return end();
}

Task<RemoteShell::End> RemoteShell::finish() {
  co_await drive();
  co_return end();
}

Task<void> RemoteShell::started() {
  while (!closed_ && !has_started())
    co_await progress_.async_wait(asio::as_tuple(asio::use_awaitable));
}

/// All three directions until the answer is whole; an end of the channel ends them too.
Task<void> RemoteShell::drive() {
  using namespace asio::experimental::awaitable_operators;
  co_await (take(Stream::out) && take(Stream::err) && send());
}

Task<void> RemoteShell::take(Stream stream) {
  const RemoteFrame& frame = stream == Stream::out ? exchange_->out : exchange_->err;
  while (!frame.ended() && !closed_) co_await take_piece(stream);
}

Task<void> RemoteShell::take_piece(Stream stream) {
  RemoteFrame& frame = stream == Stream::out ? exchange_->out : exchange_->err;
  std::string& piece = piece_[stream == Stream::out ? 0 : 1];
  const bool more = co_await child_.read(stream, piece);
  frame.feed(piece, exchange_->capture);
  piece.clear();
  if (!more) closed_ = true;
  progress_.cancel();
}

Task<void> RemoteShell::send() {
  Exchange& exchange = *exchange_;
  while (!closed_ && exchange.sent < exchange.unsent.size()) {
    const std::string_view piece =
        std::string_view(exchange.unsent).substr(exchange.sent, send_piece);
    auto written = co_await child_.write_some(piece);
    if (written)
      exchange.sent += *written;
    else
      closed_ = true;
  }
}

RemoteShell::End RemoteShell::end() const {
  if (exchange_->out.refused()) return End::refused;
  if (exchange_->out.ended() && exchange_->err.ended()) return End::done;
  return End::closed;
}

Outcome RemoteShell::take_outcome() {
  const int status = exchange_->out.status();
  previous_pid_ = exchange_->out.pid();
  return exchange_->capture.finish(status, signal_of_exit(status));
}

std::string RemoteShell::noise() const {
  if (!exchange_) return {};
  return exchange_->err.noise() + "\n" + exchange_->out.noise();
}

}  // namespace dtenv
