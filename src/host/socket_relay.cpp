#include "host/socket_relay.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "base/deadline.hpp"
#include "proc/child.hpp"
#include "proc/environment.hpp"

namespace dtenv {

using Socket = asio::local::stream_protocol::socket;

struct SocketRelay::Listener {
  asio::local::stream_protocol::acceptor acceptor;
  Argv program;
};

namespace {

Task<void> to_child(Socket& socket, Child& child) {
  std::vector<char> buffer(std::size_t{64} << 10);
  for (;;) {
    auto [failed, count] =
        co_await socket.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    const std::string_view piece(buffer.data(), count);
    auto written = co_await child.write(piece);
    if (!failed && written) continue;
    child.close_input();
    co_return;
  }
}

Task<void> from_child(Socket& socket, Child& child) {
  std::string piece;
  for (bool more = true; more;) {
    piece.clear();
    more = co_await child.read(Stream::out, piece);
    auto [failed, count] = co_await asio::async_write(socket, asio::buffer(piece),
                                                      asio::as_tuple(asio::use_awaitable));
    if (failed) co_return;
  }
  boost::system::error_code ignored;
  socket.shutdown(Socket::shutdown_send, ignored);
}

Task<void> drop_errors(Child& child) {
  std::string piece;
  for (bool more = true; more;) {
    piece.clear();
    more = co_await child.read(Stream::err, piece);
  }
}

Task<void> to_child_and_wait(Socket& socket, Child& child) {
  co_await to_child(socket, child);
  co_await child.process().exited();
  co_await pause(std::chrono::seconds(1));  // for what is still in the pipe
}

Task<void> serve(Socket socket, Argv program) {
  using namespace asio::experimental::awaitable_operators;
  auto child = Child::start(socket.get_executor(), program, child_environment(true));
  if (!child) co_return;
  // The child's end is the conversation's; the caller's end is only half of it.
  co_await ((from_child(socket, *child) && drop_errors(*child)) ||
            to_child_and_wait(socket, *child));
}

}  // namespace

Result<std::unique_ptr<SocketRelay>> SocketRelay::start(asio::any_io_executor executor,
                                                        const std::string& path, Argv program) {
  boost::system::error_code failed;
  auto listener = std::make_shared<Listener>(
      Listener{asio::local::stream_protocol::acceptor(executor), std::move(program)});
  asio::local::stream_protocol::acceptor& acceptor = listener->acceptor;
  acceptor.open(asio::local::stream_protocol(), failed);
  if (!failed) acceptor.bind(asio::local::stream_protocol::endpoint(path), failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return Error{Status::io, path + ": listen: " + failed.message()};
  asio::co_spawn(executor, accept_all(listener), asio::detached);
  return std::unique_ptr<SocketRelay>(new SocketRelay(std::move(listener)));
}

SocketRelay::SocketRelay(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}

SocketRelay::~SocketRelay() {
  boost::system::error_code ignored;
  listener_->acceptor.close(ignored);
}

Task<void> SocketRelay::accept_all(std::shared_ptr<Listener> listener) {
  for (;;) {
    auto [failed, socket] =
        co_await listener->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (failed) co_return;
    const auto executor = listener->acceptor.get_executor();
    asio::co_spawn(executor, serve(std::move(socket), listener->program), asio::detached);
  }
}

}  // namespace dtenv
