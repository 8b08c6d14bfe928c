#include "proc/child.hpp"

#include <boost/asio/as_tuple.hpp>
#include <system_error>

#include "proc/environment.hpp"

namespace dtenv {

namespace {

constexpr std::size_t read_size = std::size_t{64} << 10;

/// A wait that was called off must not look like the stream's end.
void throw_if_cancelled(const boost::system::error_code& failed) {
  if (failed == asio::error::operation_aborted) throw boost::system::system_error(failed);
}

}  // namespace

Child::Child(Process process, asio::local::stream_protocol::socket input,
             asio::posix::stream_descriptor output, asio::posix::stream_descriptor errors)
    : process_(std::move(process)),
      input_(std::move(input)),
      output_(std::move(output)),
      errors_(std::move(errors)) {}

Result<Child> Child::start(asio::any_io_executor executor, const Argv& argv, const Environ& env) {
  DT_TRY_ASSIGN(Pipe input, make_socket_pair());
  DT_TRY_ASSIGN(Pipe output, make_pipe());
  DT_TRY_ASSIGN(Pipe errors, make_pipe());
  SpawnRequest request;
  request.argv = argv;
  request.env = env;
  request.directory = home_folder();
  request.in = input.read.get();
  request.out = output.write.get();
  request.err = errors.write.get();
  DT_TRY_ASSIGN(Spawned spawned, spawn(request));
  if (spawned.exec_errno != 0)
    return Error{Status::not_found, visible(spawned.exec_what) + ": " +
                                        std::generic_category().message(spawned.exec_errno)};
  asio::local::stream_protocol::socket socket(executor, asio::local::stream_protocol(),
                                              input.write.release());
  asio::posix::stream_descriptor out(executor, output.read.release());
  asio::posix::stream_descriptor err(executor, errors.read.release());
  return Child(Process(executor, std::move(spawned)), std::move(socket), std::move(out),
               std::move(err));
}

Task<Result<std::size_t>> Child::write_some(std::string_view bytes) {
  auto [failed, count] =
      co_await input_.async_write_some(asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
  throw_if_cancelled(failed);
  if (failed) co_return Error{Status::io, "write to a child: " + failed.message()};
  co_return count;
}

Task<Result<void>> Child::write(std::string_view bytes) {
  while (!bytes.empty()) {
    DT_CO_TRY_ASSIGN(const std::size_t count, co_await write_some(bytes));
    bytes.remove_prefix(count);
  }
  co_return Result<void>{};
}

void Child::close_input() {
  boost::system::error_code ignored;
  input_.close(ignored);
}

Task<bool> Child::read(Stream stream, std::string& to) {
  asio::posix::stream_descriptor& from = stream == Stream::out ? output_ : errors_;
  const std::size_t before = to.size();
  to.resize(before + read_size);
  auto [failed, count] = co_await from.async_read_some(asio::buffer(to.data() + before, read_size),
                                                       asio::as_tuple(asio::use_awaitable));
  to.resize(before + count);
  throw_if_cancelled(failed);
  co_return !failed;
}

}  // namespace dtenv
