// One program in a container: created, started over a hijacked connection, and its status read.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "net/docker_client.hpp"
#include "net/docker_end.hpp"
#include "net/docker_engine.hpp"
#include "net/hijack.hpp"
#include "proc/capture.hpp"

namespace dtenv {

namespace {

struct Running {
  EnginePtr engine;
  std::string container;
  std::string user;
  std::string marker;
  std::string id;  // of the exec; empty before it is created
};

std::string marker_of(const Command& command) {
  for (const auto& [name, value] : command.env)
    if (name == Docker::exec_marker) return value;
  return hex(random_bytes(16));
}

json::object create_body(const Command& command, const Running& running) {
  json::array argv(command.argv.begin(), command.argv.end());
  json::array env;
  for (const auto& [name, value] : command.env)
    if (name != Docker::exec_marker) env.push_back(json::string(name + '=' + value));
  env.push_back(json::string(std::string(Docker::exec_marker) + '=' + running.marker));
  json::object body;
  body["AttachStdin"] = !command.input.empty() || command.hold_input;
  body["AttachStdout"] = true;
  body["AttachStderr"] = true;
  body["Tty"] = false;
  body["Cmd"] = std::move(argv);
  body["Env"] = std::move(env);
  if (!command.directory.empty()) body["WorkingDir"] = command.directory;
  if (!running.user.empty()) body["User"] = running.user;
  return body;
}

Result<ExecState> read_state(const json::value& about, std::string id) {
  if (!about.is_object()) return Error{Status::io, "exec " + id + ": its state is no object"};
  ExecState state;
  state.id = std::move(id);
  const auto& object = about.get_object();
  const auto* running = object.if_contains("Running");
  state.running = running != nullptr && running->is_bool() && running->get_bool();
  const auto* code = object.if_contains("ExitCode");
  if (code != nullptr && code->is_int64() && !state.running)
    state.exit_code = static_cast<int>(code->get_int64());
  const auto* pid = object.if_contains("Pid");
  if (pid != nullptr && pid->is_int64()) state.pid = static_cast<int>(pid->get_int64());
  return state;
}

/// The engine records the status a little after the stream's end.
Task<Result<int>> exit_status(EnginePtr engine, std::string id) {
  Duration delay = std::chrono::milliseconds(5);
  for (int tries = 0; tries < 60; ++tries) {
    DT_CO_TRY_ASSIGN(const ExecState state, co_await exec_state_of(engine, id));
    if (state.exit_code) co_return *state.exit_code;
    co_await pause(delay);
    delay = std::min<Duration>(delay * 2, std::chrono::milliseconds(200));
  }
  co_return Error{Status::io, "exec " + id + ": the stream has ended, but the program runs on"};
}

/// Engines differ in how they say that a program could not be started: 20.10 puts the runtime's
/// words on stdout, with 126. Here it is as in a shell: 127 where it is not there, words on stderr.
void normalise(Outcome& outcome) {
  const bool runtime_said = starts_with(outcome.out, "OCI runtime exec failed") ||
                            starts_with(outcome.out, "exec failed:");
  if (!runtime_said || (outcome.exit_code != 126 && outcome.exit_code != 127)) return;
  const bool absent = contains(outcome.out, "executable file not found") ||
                      (contains(outcome.out, "no such file or directory") &&
                       !contains(outcome.out, "chdir to cwd"));
  outcome.exit_code = absent ? 127 : 126;
  outcome.err = std::exchange(outcome.out, {});
}

Task<void> write_and_wait(Hijack& stream, const Command& command) {
  if (!command.input.empty()) co_await stream.write(command.input, !command.hold_input);
  while (true) co_await pause(std::chrono::hours(24));
}

Task<Result<Outcome>> run_attached(Running& running, Hijack& stream, const Command& command,
                                   OutputSink sink,
                                   std::function<void(const std::string&)> on_start) {
  using namespace asio::experimental::awaitable_operators;
  const std::string path = "/containers/" + url_encode(running.container) + "/exec";
  json::value body = create_body(command, running);
  DT_CO_TRY_ASSIGN(const json::value created,
                   co_await engine_call(running.engine, "POST", path, std::move(body),
                                        std::chrono::seconds(60)));
  const auto* id = created.is_object() ? created.get_object().if_contains("Id") : nullptr;
  if (id == nullptr || !id->is_string())
    co_return Error{Status::io, "POST " + path + ": no Id in the reply"};
  DT_CO_TRY_ASSIGN(const EngineVersion version, co_await engine_version(running.engine));
  running.id = std::string(id->get_string());
  if (on_start) on_start(running.id);

  Capture capture(command, std::move(sink));
  StreamDemux demux([&capture](Stream kind, std::string_view bytes) { capture.add(kind, bytes); });
  const std::string target = "/exec/" + running.id + "/start";
  DT_CO_TRY(co_await stream.connect(running.engine->socket_path));
  DT_CO_TRY(co_await stream.open("/v" + version.api + target, R"({"Detach":false,"Tty":false})",
                                 "POST " + target));
  // A program may end without reading its input: reading decides when it is over.
  auto ended = co_await (stream.read_to(demux) || write_and_wait(stream, command));
  if (std::get<0>(ended).has_error()) co_return std::move(std::get<0>(ended)).error();
  DT_CO_TRY_ASSIGN(const int status, co_await exit_status(running.engine, running.id));
  Outcome outcome = capture.finish(status, signal_of_exit(status));
  normalise(outcome);
  co_return outcome;
}

Task<Result<Outcome>> run_exec(EnginePtr engine, std::string container, const Command& command,
                               OutputSink sink, std::string user,
                               std::function<void(const std::string&)> on_start) {
  Running running{engine, std::move(container), std::move(user), marker_of(command), {}};
  const std::string what =
      "exec in " + running.container + ": " + (command.argv.empty() ? "" : command.argv[0]);
  Hijack stream(co_await asio::this_coro::executor);
  std::exception_ptr thrown;
  std::optional<Result<Outcome>> result;
  try {
    auto work = run_attached(running, stream, command, std::move(sink), std::move(on_start));
    result.emplace(co_await with_deadline(std::move(work), command.timeout, what));
  } catch (...) {
    thrown = std::current_exception();
  }
  const bool left_running = (thrown || result->has_error()) && stream.was_sent();
  stream.close();
  if (left_running) {
    // A cancelled coroutine can wait for nothing until its cancellation is taken back.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await end_exec(engine, running.container, running.id, running.marker, running.user);
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  }
  if (thrown) std::rethrow_exception(thrown);
  if (result->has_error() && result->error().host.empty()) {
    Error error = std::move(*result).error();
    error.host = engine->host_name;
    co_return error;
  }
  co_return std::move(*result);
}

}  // namespace

Task<Result<ExecState>> exec_state_of(EnginePtr engine, std::string id) {
  const std::string path = "/exec/" + url_encode(id) + "/json";
  DT_CO_TRY_ASSIGN(const json::value about,
                   co_await engine_call(engine, "GET", path, nullptr, std::chrono::seconds(60)));
  co_return read_state(about, std::move(id));
}

Task<Result<Outcome>> DockerClient::exec(std::string container, const Command& command,
                                         OutputSink sink, std::string user,
                                         std::function<void(const std::string& id)> on_start) {
  return run_exec(engine_, std::move(container), command, std::move(sink), std::move(user),
                  std::move(on_start));
}

Task<Result<ExecState>> DockerClient::exec_state(std::string id) {
  return exec_state_of(engine_, std::move(id));
}

}  // namespace dtenv
