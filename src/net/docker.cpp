#include "net/docker.hpp"

#include <boost/json.hpp>

#include "base/text.hpp"
#include "net/docker_client.hpp"
#include "net/docker_engine.hpp"
#include "net/docker_errors.hpp"

namespace dtenv {

namespace {

Task<Result<std::optional<json::value>>> find(Docker& docker, std::string path) {
  auto found = co_await docker.get(std::move(path));
  if (found.has_value()) co_return std::optional<json::value>(std::move(*found));
  // An engine that does not answer is NOT_FOUND too, but no answer about a container.
  if (engine_code(found.error()) == "no_such") co_return std::optional<json::value>();
  co_return std::move(found).error();
}

}  // namespace

Task<Result<std::optional<json::value>>> Docker::inspect_container(std::string name) {
  return find(*this, "/containers/" + url_encode(name) + "/json");
}

Task<Result<std::optional<json::value>>> Docker::inspect_image(std::string name) {
  return find(*this, "/images/" + url_encode(name) + "/json");
}

DockerClient::DockerClient(CurlLoop& loop, std::string socket_path, std::string host_name)
    : engine_(std::make_shared<Engine>(
          Engine{loop, std::move(socket_path), std::move(host_name), std::nullopt})) {}

Task<Result<EngineVersion>> DockerClient::version() {
  return engine_version(engine_);
}

void DockerClient::forget() {
  engine_->version.reset();
}

Task<Result<json::value>> DockerClient::get(std::string path, Duration timeout) {
  return engine_call(engine_, "GET", std::move(path), nullptr, timeout);
}

Task<Result<json::value>> DockerClient::post(std::string path, json::value body, Duration timeout,
                                             bool* not_modified) {
  return engine_call(engine_, "POST", std::move(path), std::move(body), timeout, not_modified);
}

Task<Result<json::value>> DockerClient::remove(std::string path, Duration timeout) {
  return engine_call(engine_, "DELETE", std::move(path), nullptr, timeout);
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
