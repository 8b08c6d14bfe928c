#include "steps/byte_pipe.hpp"

#include <boost/asio/as_tuple.hpp>

namespace dtenv {

Task<Result<void>> BytePipe::put(std::string piece) {
  const boost::system::error_code fine;
  auto [failed] =
      co_await channel_.async_send(fine, std::move(piece), asio::as_tuple(asio::use_awaitable));
  if (dropped_) co_return Error{Status::cancelled, "the receiving side has ended"};
  if (failed) throw boost::system::system_error(asio::error::operation_aborted);
  co_return Result<void>{};
}

Task<Result<std::string>> BytePipe::take() {
  auto [failed, piece] = co_await channel_.async_receive(asio::as_tuple(asio::use_awaitable));
  if (failed) throw boost::system::system_error(asio::error::operation_aborted);
  if (piece.empty() && failure_) co_return *failure_;
  co_return std::move(piece);
}

Task<Result<void>> BytePipe::end(std::optional<Error> failure) {
  failure_ = std::move(failure);
  // An empty piece, since closing the channel would throw away what is still in it.
  std::string mark;
  co_return co_await put(std::move(mark));
}

void BytePipe::drop() {
  dropped_ = true;
  channel_.close();
  channel_.cancel();  // close() alone leaves a writer waiting (Boost 1.81)
}

}  // namespace dtenv
