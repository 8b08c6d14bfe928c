// The acting half of DockerConfig about the engine's process: it runs, or its last words are told.
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "net/docker.hpp"
#include "steps/docker_changes.hpp"
#include "steps/docker_programs.hpp"

namespace dtenv {

namespace {

Task<std::string> last_words(Target& target) {
  Command command;
  command.argv = {"sh", "-c", std::string(docker_log_program), "dtenv-docker-log"};
  command.timeout = std::chrono::seconds(10);
  const auto outcome = co_await target.host.run(command);
  if (!outcome) co_return std::string();
  const auto lines = split_lines(outcome->out);
  // The line that ends dockerd, else the last one.
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (contains(*line, "unable to configure") || contains(*line, "failed to start daemon") ||
        contains(*line, "panic:") || contains(*line, "Error reconfiguring"))
      co_return visible(*line, 600);
  co_return lines.empty() ? std::string() : visible(lines.back(), 600);
}

Task<Result<bool>> daemon_is_alive(Target& target) {
  Command command;
  command.argv = {"sh", "-c", std::string(docker_alive_program), "dtenv-docker-alive"};
  command.timeout = std::chrono::seconds(10);
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await target.host.run(command));
  co_return outcome.ok();
}

}  // namespace

std::string payload_text(const json::object& payload, std::string_view key) {
  const json::value* value = payload.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

std::vector<std::string> payload_texts(const json::object& payload, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* list = payload.if_contains(key);
  if (!list || !list->is_array()) return texts;
  for (const json::value& item : list->as_array())
    if (item.is_string()) texts.emplace_back(item.as_string());
  return texts;
}

bool payload_flag(const json::object& payload, std::string_view key) {
  const json::value* value = payload.if_contains(key);
  return value && value->is_bool() && value->as_bool();
}

Task<Result<void>> run_docker_program(Target& target, std::string_view program, Argv arguments,
                                      Duration timeout) {
  Command command;
  command.argv = {"sh", "-c", std::string(program), "dtenv-docker"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.timeout = timeout;
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await target.host.run(command));
  if (outcome.ok()) co_return Result<void>();
  const std::string words = co_await last_words(target);
  co_return Error(Status::command, "the Docker engine: exit " + std::to_string(outcome.exit_code) +
                                       ": " +
                                       (words.empty() ? visible(trim(outcome.err), 300) : words));
}

Task<Result<bool>> engine_answers(Target& target) {
  auto docker = co_await target.host.docker();
  if (!docker) {
    if (docker.error().status == Status::host) co_return docker.error();
    co_return false;
  }
  (*docker)->forget();
  const auto version = co_await (*docker)->version();
  co_return version.has_value();
}

Task<Result<void>> wait_for_engine(Target& target, Duration limit) {
  const auto begin = std::chrono::steady_clock::now();
  int looks_without_daemon = 0;
  for (;;) {
    DT_CO_TRY_ASSIGN(const bool answers, co_await engine_answers(target));
    if (answers) co_return Result<void>();
    const auto waited = std::chrono::steady_clock::now() - begin;
    if (waited > limit) break;
    DT_CO_TRY_ASSIGN(const bool alive, co_await daemon_is_alive(target));
    // Twice: it may just be about to become dockerd, or be started again by systemd.
    looks_without_daemon = alive ? 0 : looks_without_daemon + 1;
    if (looks_without_daemon > 2 && waited > std::chrono::seconds(3)) break;
    co_await pause(std::chrono::milliseconds(250));
  }
  const auto waited = std::chrono::steady_clock::now() - begin;
  const std::string words = co_await last_words(target);
  co_return Error(Status::timeout,
                  "the Docker engine does not answer after " +
                      show_duration(std::chrono::round<std::chrono::seconds>(waited)) +
                      (words.empty() ? "" : ": " + words));
}

Task<Result<void>> apply_command(Target& target, const json::object& payload) {
  Command command;
  command.argv = payload_texts(payload, "argv");
  command.timeout = std::chrono::minutes(3);
  const auto done = co_await run_ok(target.host, command);
  if (!done) co_return done.error();
  co_return Result<void>();
}

Task<Result<void>> apply_start(Target& target, std::string unit) {
  target.progress.text("starting the Docker engine");
  Argv arguments;
  arguments.push_back(std::move(unit));
  DT_CO_TRY(co_await run_docker_program(target, docker_start_program, arguments,
                                        std::chrono::minutes(3)));
  co_return co_await wait_for_engine(target, std::chrono::seconds(90));
}

}  // namespace dtenv
