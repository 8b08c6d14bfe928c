#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "net/curl_loop.hpp"
#include "net/docker.hpp"

namespace dtenv {

/// What the requests to one engine share. It outlives the client in front of it while a clean-up
/// is still under way, so its tasks are functions of a shared pointer.
struct Engine {
  CurlLoop loop;
  std::string socket_path;
  std::string host_name;
  std::optional<EngineVersion> version;
};
using EnginePtr = std::shared_ptr<Engine>;

/// One request to a path without version; the negotiated one is put in front. Any reply of 400 or
/// more is an error in the engine's words.
Task<Result<HttpResponse>> engine_request(EnginePtr engine, HttpRequest request);
/// The same with JSON both ways.
Task<Result<json::value>> engine_call(EnginePtr engine, std::string method, std::string path,
                                      json::value body, Duration timeout,
                                      bool* not_modified = nullptr);
Task<Result<EngineVersion>> engine_version(EnginePtr engine);

/// "POST /containers/create": for messages; the query may hold more than people should read.
std::string engine_what(const std::string& method, const std::string& path);

}  // namespace dtenv
