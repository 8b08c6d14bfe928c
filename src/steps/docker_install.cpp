// The acting half of DockerConfig about packages: key, source, apt, and an engine that answers.
#include <algorithm>
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "formats/openpgp.hpp"
#include "net/docker.hpp"
#include "net/download.hpp"
#include "steps/docker_changes.hpp"
#include "steps/docker_files.hpp"
#include "steps/docker_programs.hpp"

namespace dtenv {

namespace {

/// No prompts, conffiles kept, dpkg's lock waited for, needrestart told to list only: it would
/// restart other people's daemons.
Command apt_command(Argv arguments) {
  Command command;
  command.argv = {"apt-get",
                  "-q",
                  "-y",
                  "-o",
                  "DPkg::Lock::Timeout=600",
                  "-o",
                  "Dpkg::Options::=--force-confdef",
                  "-o",
                  "Dpkg::Options::=--force-confold"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.env = {{"DEBIAN_FRONTEND", "noninteractive"}, {"NEEDRESTART_MODE", "l"}};
  command.timeout = std::chrono::minutes(30);
  return command;
}

bool is_locked(const Outcome& outcome) {
  return !outcome.ok() && contains(outcome.err, "Could not get lock");
}

/// apt-get; for the lock of the lists, which apt itself does not wait for, it is asked again.
Task<Result<Outcome>> run_apt(Target& target, Argv arguments) {
  const Command command = apt_command(std::move(arguments));
  target.progress.text(show_argv(command.argv));
  for (int tries = 0;; ++tries) {
    DT_CO_TRY_ASSIGN(Outcome outcome, co_await target.host.run(command));
    if (!is_locked(outcome) || tries >= 120) co_return outcome;
    co_await pause(std::chrono::seconds(5));
  }
}

/// The first line of apt's that says what went wrong.
std::string apt_words(const Outcome& outcome) {
  for (const std::string_view text : {std::string_view(outcome.err), std::string_view(outcome.out)})
    for (const std::string_view line : split_lines(text))
      if (starts_with(line, "E:") || starts_with(line, "W:")) return visible(line, 400);
  return "exit " + std::to_string(outcome.exit_code);
}

/// Only our own source is read, and a warning of it counts: a wrong key is no more than that on
/// some apts.
Task<Result<void>> update_own_source(Target& target) {
  const std::string source = "Dir::Etc::sourcelist=" + std::string(docker_sources);
  const Argv arguments = {
      "update", "-o", source, "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Get::List-Cleanup=0"};
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await run_apt(target, arguments));
  const auto lines = split_lines(outcome.err);
  const bool warned = std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    return starts_with(line, "W:") || starts_with(line, "E:");
  });
  if (outcome.ok() && !warned) co_return Result<void>();
  co_return Error(Status::command,
                  std::string(docker_sources) + ": apt-get update: " + apt_words(outcome));
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

}  // namespace

std::string payload_text(const json::object& payload, std::string_view key) {
  const json::value* value = payload.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
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
  co_return Error(Status::command, "starting the Docker engine: exit " +
                                       std::to_string(outcome.exit_code) + ": " +
                                       (words.empty() ? visible(trim(outcome.err), 300) : words));
}

Task<Result<void>> wait_for_engine(Target& target, Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    DT_CO_TRY_ASSIGN(const bool answers, co_await engine_answers(target));
    if (answers) co_return Result<void>();
    if (std::chrono::steady_clock::now() > deadline) break;
    co_await pause(std::chrono::milliseconds(250));
  }
  const std::string words = co_await last_words(target);
  co_return Error(Status::timeout, "the Docker engine does not answer after " +
                                       show_duration(limit) + (words.empty() ? "" : ": " + words));
}

Task<Result<void>> apply_key(const DockerConfig::Config& config, Target& target,
                             const json::object& payload) {
  std::string key = config.repository.key;
  const std::string url = payload_text(payload, "url");
  if (key.empty()) {
    target.progress.text("fetching " + url);
    CurlLoop curl(co_await asio::this_coro::executor);
    DT_CO_TRY_ASSIGN(key, co_await fetch(curl, url, std::size_t{1} << 20));
  }
  DT_CO_TRY_ASSIGN(const auto prints, openpgp_fingerprints(key));
  if (prints.size() != 1 || prints.front() != config.repository.fingerprint)
    co_return Error(Status::verify, (url.empty() ? std::string("the document's key") : url) +
                                        ": the key's fingerprint is " + join(prints, ", ") +
                                        ", not " + config.repository.fingerprint +
                                        ": nothing was installed");
  FileWrite file;
  file.path = docker_keyring;
  DT_CO_TRY_ASSIGN(file.content, openpgp_dearmor(key));
  file.mode = 0644;
  co_return co_await target.host.write(file);
}

Task<Result<void>> apply_source(Target& target, const json::object& payload) {
  FileWrite file;
  file.path = docker_sources;
  file.content = payload_text(payload, "text");
  file.mode = 0644;
  co_return co_await target.host.write(file);
}

Task<Result<void>> apply_packages(Target& target, const json::object& payload) {
  Argv packages;
  for (const json::value& name : payload.at("packages").as_array())
    packages.emplace_back(name.as_string());
  const bool removing = payload_text(payload, "op") == "remove_packages";
  const bool own = std::find(packages.begin(), packages.end(), "docker-ce") != packages.end();
  std::string update_problem;
  if (!removing) {
    if (own) {
      DT_CO_TRY(co_await update_own_source(target));
    }
    const Argv update = {"update"};
    DT_CO_TRY_ASSIGN(const Outcome updated, co_await run_apt(target, update));
    // Somebody's broken source must not keep ours from being installed: it is told if that fails.
    if (!updated.ok()) update_problem = "; apt-get update: " + apt_words(updated);
  }
  Argv arguments = {removing ? "remove" : "install"};
  if (!removing) arguments.emplace_back("--no-install-recommends");
  arguments.insert(arguments.end(), packages.begin(), packages.end());
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await run_apt(target, arguments));
  if (!outcome.ok())
    co_return Error(Status::command, "apt-get " + arguments.front() + " " + join(packages, " ") +
                                         ": " + apt_words(outcome) + update_problem);
  if (removing) co_return Result<void>();
  DT_CO_TRY_ASSIGN(const bool answers, co_await engine_answers(target));
  if (answers) co_return Result<void>();
  co_return co_await apply_start(target);
}

Task<Result<void>> apply_start(Target& target) {
  target.progress.text("starting the Docker engine");
  const Argv none;
  DT_CO_TRY(
      co_await run_docker_program(target, docker_start_program, none, std::chrono::minutes(3)));
  co_return co_await wait_for_engine(target, std::chrono::seconds(90));
}

}  // namespace dtenv
