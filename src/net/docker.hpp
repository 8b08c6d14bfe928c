#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/http.hpp"
#include "proc/command.hpp"

namespace dtenv {

namespace json = boost::json;

/// One object of an NDJSON stream (pull, load, build).
using JsonLine = std::function<void(const json::object&)>;

struct EngineVersion {
  std::string engine;     ///< "20.10.24+dfsg1"
  std::string api;        ///< the negotiated version, "1.41"
  bool buildkit = false;  ///< Builder-Version: 2, or an engine that is known to have it
  bool podman = false;    ///< its Docker-compatible face: ignores GPU requests
};

/// A running exec or attach: for launches that are followed.
struct ExecState {
  std::string id;
  bool running = false;
  std::optional<int> exit_code;
  int pid = 0;
};

/// The Engine API of one machine. Paths are given without the version: "/containers/json".
/// Errors are mapped as in reference/docker.md §3.5: NOT_FOUND, STATE (conflict), CONFIG (400),
/// COMMAND (500, with the engine's own words), TIMEOUT; no engine: NOT_FOUND with the cause.
/// DockerClient speaks to a real one; simulations of clusters answer by themselves.
class Docker {
 public:
  Docker() = default;
  virtual ~Docker() = default;
  Docker(const Docker&) = delete;
  Docker& operator=(const Docker&) = delete;

  /// HEAD /_ping and /version, once; min(own 1.47, server's), floor 1.40.
  virtual Task<Result<EngineVersion>> version() = 0;
  /// Forget what was negotiated: after an install or a restart.
  virtual void forget() = 0;

  virtual Task<Result<json::value>> get(std::string path,
                                        Duration timeout = std::chrono::seconds(60)) = 0;
  /// `body` null: none. The reply is null for 204/304 (`not_modified` tells the latter).
  virtual Task<Result<json::value>> post(std::string path, json::value body = nullptr,
                                         Duration timeout = std::chrono::seconds(60),
                                         bool* not_modified = nullptr) = 0;
  virtual Task<Result<json::value>> remove(std::string path,
                                           Duration timeout = std::chrono::seconds(60)) = 0;

  /// A streamed request and an NDJSON reply: /build, /images/load, /images/create. `headers` such
  /// as "X-Registry-Auth: …". Fails if any object carries errorDetail or error, or if the stream is
  /// cut; `idle` bounds the wait between two pieces, not the whole.
  virtual Task<Result<void>> stream(std::string path, Environ headers, BodySource body,
                                    JsonLine line, Duration idle = std::chrono::minutes(30)) = 0;
  /// A raw download: /images/NAME/get.
  virtual Task<Result<void>> download(std::string path, BodySink sink,
                                      Duration idle = std::chrono::minutes(30)) = 0;

  /// Runs in a container over a hijacked connection: stdin half-closed at its end, stdout and
  /// stderr demultiplexed, the exit status read back. `user` empty: the container's own.
  /// `on_start` is told the exec's id before the first byte. A program that is not there is exit
  /// 127, as in a shell. On cancel, timeout or a lost stream the program and all it started are
  /// ended (see end_marked) before this returns; 2 s at most, then in the background.
  virtual Task<Result<Outcome>> exec(std::string container, const Command& command,
                                     OutputSink sink = {}, std::string user = {},
                                     std::function<void(const std::string& id)> on_start = {}) = 0;
  virtual Task<Result<ExecState>> exec_state(std::string id) = 0;
  /// Ends what exec() started with `exec_marker`=MARKER in the command's environment (one is made
  /// up where there is none): in the container, by the marker in /proc/PID/environ and by the
  /// sessions of those processes; SIGTERM, `grace`, SIGKILL. Needs a sh and /proc in the container,
  /// and the exec's own user. Ending nothing is a success.
  virtual Task<Result<void>> end_marked(std::string container, std::string marker,
                                        std::string user = {},
                                        Duration grace = std::chrono::milliseconds(700)) = 0;
  static constexpr std::string_view exec_marker = "DTENV_EXEC";
  /// Logs so far, demultiplexed. `tail`: lines, 0 for all.
  virtual Task<Result<void>> logs(std::string container, int tail, OutputSink sink) = 0;

  /// GET /containers/NAME/json, /images/NAME/json: nullopt where there is none.
  Task<Result<std::optional<json::value>>> inspect_container(std::string name);
  Task<Result<std::optional<json::value>>> inspect_image(std::string name);
};

/// Percent-encodes a path segment or a query value.
std::string url_encode(std::string_view text);

}  // namespace dtenv
