#pragma once

#include <memory>
#include <string>

#include "net/docker.hpp"

namespace dtenv {

class CurlLoop;  // net/curl_loop.hpp: libcurl's multi interface on the session's loop
struct Engine;   // net/docker_engine.hpp

/// The Engine API over one unix socket.
class DockerClient final : public Docker {
 public:
  DockerClient(CurlLoop& loop, std::string socket_path, std::string host_name);

  Task<Result<EngineVersion>> version() override;
  void forget() override;
  Task<Result<json::value>> get(std::string path, Duration timeout) override;
  Task<Result<json::value>> post(std::string path, json::value body, Duration timeout,
                                 bool* not_modified) override;
  Task<Result<json::value>> remove(std::string path, Duration timeout) override;
  Task<Result<void>> stream(std::string path, Environ headers, BodySource body, JsonLine line,
                            Duration idle) override;
  Task<Result<void>> download(std::string path, BodySink sink, Duration idle) override;
  Task<Result<Outcome>> exec(std::string container, const Command& command, OutputSink sink,
                             std::string user,
                             std::function<void(const std::string& id)> on_start) override;
  Task<Result<ExecState>> exec_state(std::string id) override;
  Task<Result<void>> end_marked(std::string container, std::string marker, std::string user,
                                Duration grace) override;
  Task<Result<void>> logs(std::string container, int tail, OutputSink sink) override;

 private:
  std::shared_ptr<Engine> engine_;
};

}  // namespace dtenv
