#include "net/docker.hpp"

#include <boost/json.hpp>

#include "base/text.hpp"
#include "net/docker_engine.hpp"
#include "net/docker_errors.hpp"

namespace dtenv {

namespace {

Task<Result<std::optional<json::value>>> find(EnginePtr engine, std::string path) {
  auto found =
      co_await engine_call(engine, "GET", std::move(path), nullptr, std::chrono::seconds(60));
  if (found.has_value()) co_return std::optional<json::value>(std::move(*found));
  // An engine that does not answer is NOT_FOUND too, but no answer about a container.
  if (engine_code(found.error()) == "no_such") co_return std::optional<json::value>();
  co_return std::move(found).error();
}

}  // namespace

Docker::Docker(CurlLoop& loop, std::string socket_path, std::string host_name)
    : state_(std::make_unique<State>()) {
  state_->engine = std::make_shared<Engine>(
      Engine{loop, std::move(socket_path), std::move(host_name), std::nullopt});
}

Docker::~Docker() = default;

const std::string& Docker::socket_path() const {
  return state_->engine->socket_path;
}

Task<Result<EngineVersion>> Docker::version() {
  return engine_version(state_->engine);
}

void Docker::forget() {
  state_->engine->version.reset();
}

Task<Result<json::value>> Docker::get(std::string path, Duration timeout) {
  return engine_call(state_->engine, "GET", std::move(path), nullptr, timeout);
}

Task<Result<json::value>> Docker::post(std::string path, json::value body, Duration timeout,
                                       bool* not_modified) {
  return engine_call(state_->engine, "POST", std::move(path), std::move(body), timeout,
                     not_modified);
}

Task<Result<json::value>> Docker::remove(std::string path, Duration timeout) {
  return engine_call(state_->engine, "DELETE", std::move(path), nullptr, timeout);
}

Task<Result<std::optional<json::value>>> Docker::inspect_container(std::string name) {
  return find(state_->engine, "/containers/" + url_encode(name) + "/json");
}

Task<Result<std::optional<json::value>>> Docker::inspect_image(std::string name) {
  return find(state_->engine, "/images/" + url_encode(name) + "/json");
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4];
    encoded += digits[byte & 15];
  }
  return encoded;
}

}  // namespace dtenv
