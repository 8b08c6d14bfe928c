#include "net/docker_engine.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"
#include "net/docker_errors.hpp"

namespace dtenv {

namespace {

constexpr int own_minor = 47;    // of API 1.x: the newest this client was written against
constexpr int floor_minor = 40;  // Engine 19.03: the first with device requests

std::optional<int> minor_of(std::string_view api) {
  if (!starts_with(api, "1.")) return std::nullopt;
  const auto minor = parse_integer(api.substr(2), 0, 9999);
  return minor ? std::optional<int>(static_cast<int>(*minor)) : std::nullopt;
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

HttpRequest plain_request(const Engine& engine, std::string method, const std::string& path) {
  HttpRequest request;
  request.what = engine_what(method, path);
  request.method = std::move(method);
  request.url = "http://docker" + path;
  request.unix_socket = engine.socket_path;
  return request;
}

/// Error replies of the engine, and what goes with every error.
Result<HttpResponse> judge(Result<HttpResponse> reply, const std::string& what,
                           const std::string& host) {
  if (reply.has_value() && reply->status < 400) return reply;
  Error error =
      reply.has_value() ? engine_error(reply->status, reply->body, what) : std::move(reply).error();
  error.host = host;
  return error;
}

Task<Result<HttpResponse>> ask(EnginePtr engine, HttpRequest request) {
  const std::string what = request.what;
  auto reply = co_await engine->loop.perform(std::move(request));
  co_return judge(std::move(reply), what, engine->host_name);
}

Result<json::value> parse_reply(const std::string& body, const std::string& what) {
  boost::system::error_code failed;
  json::value parsed = json::parse(body, failed);
  if (failed) return Error{Status::io, what + ": the engine's reply is not JSON"};
  return parsed;
}

Result<std::string> common_version(const std::string& server, const std::string& minimum) {
  const auto newest = minor_of(server);
  if (!newest)
    return Error{Status::version, "HEAD /_ping: no API version in the reply, not a Docker engine"};
  if (*newest < floor_minor)
    return Error{Status::version, "Docker API " + server + " is too old: 1." +
                                      std::to_string(floor_minor) + " (Engine 19.03) is needed"};
  const int chosen = std::min(own_minor, *newest);
  if (minor_of(minimum).value_or(0) > chosen)
    return Error{Status::version, "this engine wants API " + minimum +
                                      " or newer; dtenv speaks 1." + std::to_string(own_minor)};
  return "1." + std::to_string(chosen);
}

}  // namespace

std::string engine_what(const std::string& method, const std::string& path) {
  return method + ' ' + visible(std::string_view(path).substr(0, path.find('?')), 200);
}

Task<Result<EngineVersion>> engine_version(EnginePtr engine) {
  if (engine->version) co_return *engine->version;
  auto ping = plain_request(*engine, "HEAD", "/_ping");
  ping.deadlines.total = std::chrono::seconds(20);
  auto pong = co_await ask(engine, std::move(ping));
  if (pong.has_error()) {
    Error error = std::move(pong).error();
    // A forwarded socket whose far end is absent accepts, then closes.
    if (contains(error.message, "without a reply")) error.status = Status::not_found;
    co_return error;
  }
  auto question = plain_request(*engine, "GET", "/version");
  question.deadlines.total = std::chrono::seconds(20);
  DT_CO_TRY_ASSIGN(const HttpResponse answer, co_await ask(engine, std::move(question)));
  DT_CO_TRY_ASSIGN(const json::value about, parse_reply(answer.body, "GET /version"));
  if (!about.is_object()) co_return Error{Status::io, "GET /version: the reply is no object"};

  EngineVersion version;
  version.engine = text_of(about.get_object(), "Version");
  DT_CO_TRY_ASSIGN(version.api, common_version(pong->header("api-version"),
                                               text_of(about.get_object(), "MinAPIVersion")));
  version.podman =
      starts_with(pong->header("server"), "Libpod") || contains(answer.body, "\"Podman Engine\"");
  const std::string builder = pong->header("builder-version");
  // Debian's 20.10 has BuildKit and does not say so.
  version.buildkit = builder == "2" || (builder.empty() && !version.podman);
  engine->version = version;
  co_return version;
}

Task<Result<HttpResponse>> engine_request(EnginePtr engine, HttpRequest request) {
  DT_CO_TRY_ASSIGN(const EngineVersion version, co_await engine_version(engine));
  request.what = engine_what(request.method, request.url);
  request.url = "http://docker/v" + version.api + request.url;
  request.unix_socket = engine->socket_path;
  co_return co_await ask(engine, std::move(request));
}

Task<Result<json::value>> engine_call(EnginePtr engine, std::string method, std::string path,
                                      json::value body, Duration timeout, bool* not_modified) {
  HttpRequest request;
  const std::string what = engine_what(method, path);
  request.method = std::move(method);
  request.url = std::move(path);
  request.deadlines.total = request.deadlines.first_byte = request.deadlines.idle = timeout;
  if (!body.is_null()) {
    request.body = json::serialize(body);
    request.headers.emplace_back("Content-Type", "application/json");
  }
  DT_CO_TRY_ASSIGN(const HttpResponse reply, co_await engine_request(engine, std::move(request)));
  if (not_modified != nullptr) *not_modified = reply.status == 304;
  // Some replies are text ("OK" of /_ping, the empty 200 of /exec/ID/resize): null, as with 204.
  const bool is_json = contains(reply.header("content-type"), "json");
  if (!is_json || trim(reply.body).empty()) co_return json::value(nullptr);
  co_return parse_reply(reply.body, what);
}

}  // namespace dtenv
