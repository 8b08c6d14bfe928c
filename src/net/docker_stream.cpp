// The replies that come in pieces: NDJSON, raw archives, logs.
#include <boost/json.hpp>

#include "base/text.hpp"
#include "net/docker_client.hpp"
#include "net/docker_engine.hpp"
#include "net/docker_errors.hpp"
#include "net/ndjson.hpp"
#include "net/stream_demux.hpp"

namespace dtenv {

namespace {

/// Reads one NDJSON reply: hands objects on and keeps the first failure among them.
class JsonStream {
 public:
  JsonStream(std::string what, JsonLine line)
      : what_(std::move(what)),
        line_(std::move(line)),
        splitter_([this](std::string_view text) { return take(text); }) {}
  JsonStream(const JsonStream&) = delete;
  JsonStream& operator=(const JsonStream&) = delete;

  Result<void> feed(std::string_view bytes) { return splitter_.feed(bytes); }

  Result<void> finish() {
    DT_TRY(splitter_.finish());
    if (failure_) return *failure_;
    return {};
  }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Result<void> take(std::string_view text) {
    ++number_;
    json::parse_options options;
    options.max_depth = 32;
    boost::system::error_code failed;
    const json::value value = json::parse(text, failed, {}, options);
    if (failed || !value.is_object())
      return Error{Status::io, what_ + ": object " + std::to_string(number_) +
                                   " of the reply is not JSON: " + visible(text)};
    const auto& object = value.get_object();
    if (line_) line_(object);
    if (!failure_) look_for_failure(object);
    return {};
  }

  void look_for_failure(const json::object& object) {
    const json::value* words = nullptr;
    const auto* detail = object.if_contains("errorDetail");
    if (detail != nullptr && detail->is_object())
      words = detail->get_object().if_contains("message");
    if (words == nullptr) words = object.if_contains("error");
    if (words == nullptr && detail == nullptr) return;
    const bool told = words != nullptr && words->is_string();
    failure_ = stream_error(told ? std::string_view(words->get_string()) : "no words", what_);
  }

  std::string what_;
  JsonLine line_;
  LineSplitter splitter_;
  std::size_t number_ = 0;
  std::optional<Error> failure_;
};

HttpRequest long_request(std::string method, std::string path, Duration idle) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(path);
  request.deadlines.first_byte = request.deadlines.idle = idle;
  return request;
}

Task<Result<void>> stream_json(EnginePtr engine, std::string path, Environ headers, BodySource body,
                               JsonLine line, Duration idle) {
  JsonStream reply(engine_what("POST", path), std::move(line));
  auto request = long_request("POST", std::move(path), idle);
  request.headers = std::move(headers);
  request.source = std::move(body);
  if (request.source) request.headers.emplace_back("Content-Type", "application/x-tar");
  request.sink = [&reply](std::string_view piece) { return finished(reply.feed(piece)); };
  const auto ended = co_await engine_request(engine, std::move(request));
  // What the engine said before the connection broke explains more than the break.
  auto result =
      ended.has_error() && !reply.failure() ? Result<void>(ended.error()) : reply.finish();
  if (result.has_error() && result.error().host.empty()) {
    Error error = std::move(result).error();
    error.host = engine->host_name;
    co_return error;
  }
  co_return result;
}

Task<Result<void>> download_raw(EnginePtr engine, std::string path, BodySink sink, Duration idle) {
  auto request = long_request("GET", std::move(path), idle);
  request.sink = std::move(sink);
  DT_CO_TRY(co_await engine_request(engine, std::move(request)));
  co_return Result<void>{};
}

Task<Result<void>> read_logs(EnginePtr engine, std::string container, int tail, OutputSink sink) {
  const std::string base = "/containers/" + url_encode(container);
  DT_CO_TRY_ASSIGN(
      const json::value about,
      co_await engine_call(engine, "GET", base + "/json", nullptr, std::chrono::seconds(60)));
  boost::system::error_code absent;
  const auto* tty = about.find_pointer("/Config/Tty", absent);
  const bool raw = tty != nullptr && tty->is_bool() && tty->get_bool();
  StreamDemux demux(sink);
  auto request = long_request("GET",
                              base + "/logs?stdout=1&stderr=1&tail=" +
                                  (tail > 0 ? std::to_string(tail) : std::string("all")),
                              std::chrono::seconds(60));
  request.sink = [&demux, &sink, raw](std::string_view piece) {
    if (!raw) return finished(demux.feed(piece));
    sink(Stream::out, piece);
    return finished(Result<void>{});
  };
  DT_CO_TRY(co_await engine_request(engine, std::move(request)));
  co_return demux.finish();
}

}  // namespace

Task<Result<void>> DockerClient::stream(std::string path, Environ headers, BodySource body,
                                        JsonLine line, Duration idle) {
  return stream_json(engine_, std::move(path), std::move(headers), std::move(body), std::move(line),
                     idle);
}

Task<Result<void>> DockerClient::download(std::string path, BodySink sink, Duration idle) {
  return download_raw(engine_, std::move(path), std::move(sink), idle);
}

Task<Result<void>> DockerClient::logs(std::string container, int tail, OutputSink sink) {
  return read_logs(engine_, std::move(container), tail, std::move(sink));
}

}  // namespace dtenv
