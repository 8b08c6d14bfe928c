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

Task<Result<RemoteShell::End>> RemoteShell::hello(Duration timeout) {
  Command command;
  command.timeout = timeout;
  const std::string nonce = hex(random_bytes(16));
  co_return co_await exchange(nonce, remote_hello(nonce), command, {});
}

Task<Result<RemoteShell::End>> RemoteShell::run(const Command& command, OutputSink sink) {
  const bool brief = is_brief(command);
  const std::string none;
  const std::string& text = brief ? brief_text(command, has_agent_) : none;
  if (brief) {
    const auto found = programs_.find(text);
    state_.is_known = found != programs_.end();
    state_.program = state_.is_known ? found->second : static_cast<int>(programs_.size()) + 1;
    if (!state_.is_known && !command.input.empty() && !has_agent_) {
      DT_CO_TRY_ASSIGN(const End known, co_await make_known(command, text));
      if (known != End::done) co_return known;
    }
  }
  const std::string nonce = hex(random_bytes(16));
  DT_CO_TRY_ASSIGN(std::string request, remote_request(command, nonce, state_, text));
  DT_CO_TRY_ASSIGN(const End end,
                   co_await exchange(nonce, std::move(request), command, std::move(sink)));
  if (brief && end == End::done) programs_.emplace(text, state_.program);
  co_return end;
}

Task<Result<RemoteShell::End>> RemoteShell::make_known(const Command& command,
                                                       const std::string& text) {
  const std::string nonce = hex(random_bytes(16));
  DT_CO_TRY_ASSIGN(const End end,
                   co_await exchange(nonce, remote_definition(nonce, state_, text), command, {}));
  if (end != End::done) co_return end;
  take_outcome();
  programs_.emplace(text, state_.program);
  state_.is_known = true;
  co_return end;
}

Task<Result<RemoteShell::End>> RemoteShell::exchange(const std::string& nonce, std::string request,
                                                     const Command& command, OutputSink sink) {
  using namespace asio::experimental::awaitable_operators;
  exchange_.emplace(nonce, command, std::move(sink), state_.nonce.empty());
  state_.nonce = nonce;
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
  while (!closed_ && pid() == 0 && !has_ended())
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
  has_agent_ = has_agent_ || exchange_->out.has_agent();
  const int status = exchange_->out.status();
  state_.pid = exchange_->out.pid();
  return exchange_->capture.finish(status, signal_of_exit(status));
}

std::string RemoteShell::noise() const {
  if (!exchange_) return {};
  return exchange_->err.noise() + "\n" + exchange_->out.noise();
}

}  // namespace dtenv
