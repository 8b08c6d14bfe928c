#include "net/curl_loop.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "net/curl_transfer.hpp"

namespace dtenv {

namespace {

/// One piece from the caller's source; none where the exchange ended before it came.
Task<Result<std::optional<std::string>>> next_piece(const HttpRequest& request,
                                                    CurlTransfer& transfer) {
  using namespace asio::experimental::awaitable_operators;
  auto first = co_await (request.source() || transfer.until_done());
  if (first.index() == 1) co_return std::nullopt;
  auto piece = std::move(std::get<0>(first));
  if (piece.has_error()) co_return std::move(piece).error();
  co_return std::optional<std::string>(std::move(*piece));
}

Task<Result<HttpResponse>> drive(const HttpRequest& request, CurlTransfer& transfer) {
  while (true) {
    if (transfer.has_input()) {
      const std::string piece = transfer.take_input();
      auto taken = co_await request.sink(piece);
      if (taken.has_error()) co_return std::move(taken).error();
      transfer.touch();
      transfer.resume_input();
      continue;
    }
    if (transfer.is_done()) break;
    if (transfer.wants_output()) {
      DT_CO_TRY_ASSIGN(auto piece, co_await next_piece(request, transfer));
      transfer.touch();
      if (piece) transfer.give_output(std::move(*piece));
      if (piece) continue;
    }
    if (auto late = transfer.overdue()) co_return std::move(*late);
    co_await transfer.wait();
  }
  co_return transfer.result();
}

Task<Result<HttpResponse>> exchange(std::shared_ptr<CurlCore> core, HttpRequest request) {
  CurlTransfer transfer(std::move(core), request);
  DT_CO_TRY(transfer.start());
  co_return co_await drive(request, transfer);
}

}  // namespace

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

CurlLoop::CurlLoop(asio::any_io_executor executor)
    : core_(std::make_shared<CurlCore>(std::move(executor))) {}

Task<Result<HttpResponse>> CurlLoop::perform(HttpRequest request) {
  return exchange(core_, std::move(request));
}

}  // namespace dtenv
