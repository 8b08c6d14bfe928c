// From the machine that has the image into one that lacks it.
#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "steps/byte_pipe.hpp"
#include "steps/image_make.hpp"

namespace dtenv {
namespace {

constexpr std::size_t pieces_held = 32;  // of at most 64 KiB: what one delivery holds in memory

Task<Result<void>> send(Docker& from, std::string tag, std::uint64_t total, Progress& progress,
                        BytePipe& pipe) {
  std::uint64_t sent = 0;
  const BodySink sink = [&](std::string_view piece) {
    sent += piece.size();
    // A save is a little more than the image's size.
    progress.amount(std::min(sent, total), total);
    return pipe.put(std::string(piece));
  };
  auto sending = co_await from.download("/images/" + url_encode(tag) + "/get", sink);
  std::optional<Error> failure;
  if (!sending) failure = sending.error();
  auto told = co_await pipe.end(std::move(failure));
  if (sending && !told) co_return told;
  co_return sending;
}

Task<Result<void>> receive(Docker& into, BytePipe& pipe) {
  const BodySource source = [&pipe] { return pipe.take(); };
  const Environ headers = {};
  const JsonLine line = {};
  auto received = co_await into.stream("/images/load?quiet=1", headers, source, line);
  pipe.drop();
  co_return received;
}

}  // namespace

Task<Result<void>> deliver_image(const ImageBuild::Config& config, std::string from,
                                 Target& target) {
  using namespace asio::experimental::awaitable_operators;
  const std::string what = "image " + config.tag;
  Host* source = target.peer ? target.peer(from) : nullptr;
  if (source == nullptr)
    co_return Error{Status::host, what + ": " + from + ", which has it, is not connected"};
  DT_CO_TRY_ASSIGN(Docker * theirs, co_await source->docker());
  DT_CO_TRY_ASSIGN(Docker * ours, co_await target.host.docker());
  DT_CO_TRY_ASSIGN(const auto original, co_await inspect_named(*theirs, config.tag));
  if (!original) co_return Error{Status::not_found, what + ": not on " + from};
  target.progress.text("delivering " + config.tag + " from " + from + " (" +
                       show_size(original->size) + ")");
  BytePipe pipe(co_await asio::this_coro::executor, pieces_held);
  const auto total = static_cast<std::uint64_t>(original->size);
  auto [sent, received] =
      co_await (send(*theirs, config.tag, total, target.progress, pipe) && receive(*ours, pipe));
  // Where the receiver gave up, that is why the sender could not go on.
  if (!sent && sent.error().status != Status::cancelled) co_return std::move(sent).error();
  if (!received) co_return std::move(received).error();
  if (!sent) co_return std::move(sent).error();
  DT_CO_TRY_ASSIGN(const auto copy, co_await inspect_named(*ours, config.tag));
  if (!copy || copy->id != original->id)
    co_return Error{Status::verify, what + ": delivered from " + from + " as " +
                                        (copy ? copy->id : "nothing") + ", there it is " +
                                        original->id};
  co_return Result<void>{};
}

}  // namespace dtenv
