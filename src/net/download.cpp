#include "net/download.hpp"

#include <algorithm>

#include "base/deadline.hpp"
#include "base/text.hpp"
#include "net/part_file.hpp"
#include "net/steady_file.hpp"

namespace dtenv {

namespace {

constexpr auto longest_wait = std::chrono::seconds(120);

/// One try's end: whole, final failure, or a failure after which another try may do.
struct Attempt {
  Result<void> result;
  std::optional<Duration> again_after;
};

Result<void> check_request(const Download& download) {
  const auto refuse = [&](std::string problem) {
    return Error{Status::config, "download of " + visible(download.url) + ": " + problem};
  };
  const bool has_digest =
      download.sha256.size() == 64 &&
      download.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!download.sha256.empty() && !has_digest)
    return refuse("its SHA-256 must be 64 lower-case hex digits");
  if (!download.unpinned && (!has_digest || !download.size))
    return refuse("neither SHA-256 nor size may be left open");
  if (starts_with(download.url, "http://") && !has_digest)
    return refuse("http:// is allowed only with a SHA-256");
  const bool known = starts_with(download.url, "https://") ||
                     starts_with(download.url, "http://") || starts_with(download.url, "file:///");
  if (!known) return refuse("only https, http with a SHA-256, and file:/// are allowed");
  return {};
}

std::uint64_t size_limit(const Download& download) {
  return download.size ? std::min(*download.size, download.size_limit) : download.size_limit;
}

Result<void> check_content(const Download& download, std::uint64_t size,
                           const std::string& digest) {
  const std::string what = "download of " + visible(download.url);
  if (download.size && size != *download.size)
    return Error{Status::verify, what + ": " + std::to_string(size) + " bytes came, " +
                                     std::to_string(*download.size) + " are pinned"};
  if (!download.sha256.empty() && digest != download.sha256)
    return Error{Status::verify, what + ": its SHA-256 is " + digest + ", not the pinned one"};
  return {};
}

Result<void> take_piece(const Download& download, PartFile& file, std::string_view piece) {
  DT_TRY(file.write(piece));
  if (download.progress) download.progress(file.size(), download.size.value_or(0));
  return {};
}

Task<Result<void>> copy_file(const Download& download, PartFile& file) {
  DT_CO_TRY_ASSIGN(SteadyFile source,
                   SteadyFile::open(download.url.substr(std::string("file://").size()), true));
  if (source.size() > size_limit(download))
    co_return Error{Status::verify, "download of " + visible(download.url) + ": it has " +
                                        std::to_string(source.size()) + " bytes"};
  while (true) {
    DT_CO_TRY_ASSIGN(const std::string piece, source.read(std::size_t{256} << 10));
    if (piece.empty()) co_return Result<void>{};
    DT_CO_TRY(take_piece(download, file, piece));
    co_await pause(Duration(0));  // lets the loop see to others
  }
}

HttpRequest request_of(const Download& download) {
  HttpRequest request;
  request.url = download.url;
  request.allow_plain = starts_with(download.url, "http://");
  request.redirects = 5;
  request.proxy = download.proxy;
  request.ca_file = download.ca_file;
  request.sink_limit = size_limit(download);
  request.body_limit = std::size_t{1} << 20;
  return request;
}

bool is_worth_another(const Result<HttpResponse>& reply) {
  if (reply.has_value()) return reply->status == 429 || reply->status >= 500;
  const auto& error = reply.error();
  const bool broken = contains(error.message, "the connection") ||
                      contains(error.message, "was cut") ||
                      contains(error.message, "no connection");
  return error.status == Status::timeout || (error.status == Status::io && broken);
}

Task<Result<HttpResponse>> transfer(CurlLoop loop, const Download& download, PartFile& file) {
  auto request = request_of(download);
  request.sink = [&](std::string_view piece) {
    return finished(take_piece(download, file, piece));
  };
  co_return co_await loop.perform(std::move(request));
}

Task<Attempt> try_once(CurlLoop loop, const Download& download, Downloaded& done, int number) {
  auto created = PartFile::create(download.path);
  if (created.has_error()) co_return Attempt{created.error(), {}};
  PartFile file = std::move(*created);
  if (starts_with(download.url, "file://")) {
    auto copied = co_await copy_file(download, file);
    if (copied.has_error()) co_return Attempt{copied.error(), {}};
  } else {
    const auto reply = co_await transfer(loop, download, file);
    const bool fine = reply.has_value() && reply->status == 200;
    if (!fine) {
      Attempt failed{reply.has_value()
                         ? Error{reply->status == 404 ? Status::not_found : Status::io,
                                 "download of " + visible(download.url) + ": HTTP " +
                                     std::to_string(reply->status)}
                         : reply.error(),
                     {}};
      if (!is_worth_another(reply)) co_return failed;
      const std::string asked = reply.has_value() ? reply->header("retry-after") : std::string();
      const auto seconds = parse_integer(asked, 0, longest_wait.count());
      failed.again_after = seconds ? Duration(std::chrono::seconds(*seconds))
                                   : Duration(std::chrono::milliseconds(500LL << number));
      co_return failed;
    }
  }
  done.size = file.size();
  done.sha256 = file.digest();
  auto checked = check_content(download, done.size, done.sha256);
  if (checked.has_error()) co_return Attempt{checked.error(), {}};
  co_return Attempt{file.keep(), {}};
}

}  // namespace

Task<Result<Downloaded>> download_file(CurlLoop loop, Download download) {
  DT_CO_TRY(check_request(download));
  for (int number = 0;; ++number) {
    Downloaded done;
    Attempt attempt = co_await try_once(loop, download, done, number);
    if (attempt.result.has_value()) co_return done;
    if (!attempt.again_after || number + 1 >= download.tries)
      co_return std::move(attempt.result).error();
    co_await pause(*attempt.again_after);
  }
}

namespace {

Result<std::string> read_whole(const std::string& path, std::size_t limit) {
  DT_TRY_ASSIGN(SteadyFile source, SteadyFile::open(path, true));
  if (source.size() > limit)
    return Error{Status::io, path + ": larger than " + std::to_string(limit) + " bytes"};
  std::string whole;
  for (;;) {
    DT_TRY_ASSIGN(const std::string piece, source.read(limit));
    if (piece.empty()) return whole;
    whole += piece;
  }
}

}  // namespace

Task<Result<std::string>> fetch(CurlLoop loop, std::string url, std::size_t limit,
                                std::string proxy, std::string ca_file) {
  if (starts_with(url, "file:///"))
    co_return read_whole(url.substr(std::string("file://").size()), limit);
  HttpRequest request;
  request.url = url;
  request.redirects = 5;
  request.body_limit = limit;
  request.proxy = std::move(proxy);
  request.ca_file = std::move(ca_file);
  request.deadlines.total = std::chrono::minutes(2);
  DT_CO_TRY_ASSIGN(HttpResponse reply, co_await loop.perform(std::move(request)));
  if (reply.status == 200) co_return std::move(reply.body);
  co_return Error{reply.status == 404 ? Status::not_found : Status::io,
                  "GET " + visible(url) + ": HTTP " + std::to_string(reply.status)};
}

}  // namespace dtenv
