// The acting half of DockerConfig about daemon.json: written, brought into force, proved by /info,
// and put back where the daemon does not take it.
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "base/digest.hpp"
#include "formats/daemon_json_encoding.hpp"
#include "net/docker.hpp"
#include "steps/docker_changes.hpp"
#include "steps/docker_files.hpp"
#include "steps/docker_programs.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;
using Facts = DockerConfig::Facts;

constexpr std::string_view hangup_program = R"sh(kill -HUP "$1")sh";

struct Wanted {
  JsonText text;
  bool restart = false;
  bool reload_first = false;
};

Result<Wanted> wanted_of(const std::string& bytes, const Facts& facts,
                         const json::object& payload) {
  const EngineRelease release = parse_engine_release(facts.info.version);
  DT_TRY_ASSIGN(const DecodedJson decoded, decode_daemon_json(bytes, release));
  DT_TRY_ASSIGN(JsonText text, JsonText::parse(decoded.text, facts.config_file));
  return Wanted{std::move(text), payload_text(payload, "activation") == "restart",
                payload_flag(payload, "reload_first")};
}

Task<Result<void>> remove_file(Target& target, std::string path) {
  Command command;
  command.argv = {"rm", "-f", "--", std::move(path)};
  const auto removed = co_await run_ok(target.host, command);
  if (!removed) co_return removed.error();
  co_return Result<void>();
}

/// A reload says nothing of its success: what counts is what the daemon then has.
Task<Result<void>> wait_in_force(Target& target, const JsonNode& file,
                                 std::vector<std::string> keys, Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    std::string missing;
    auto docker = co_await target.host.docker();
    if (docker) {
      const auto info = co_await (*docker)->get("/info", std::chrono::seconds(30));
      if (info) missing = join(not_in_force(file, read_engine_info(*info), keys), "; ");
      if (info && missing.empty()) co_return Result<void>();
      if (!info) missing = info.error().message;
    } else {
      missing = docker.error().message;
    }
    if (std::chrono::steady_clock::now() > deadline)
      co_return Error(Status::verify, "the daemon did not take it: " + missing);
    co_await pause(std::chrono::milliseconds(200));
  }
}

Task<Result<void>> hang_up(Target& target, const Facts& facts) {
  if (facts.daemon_pid == 0)
    co_return Error(Status::state,
                    "the daemon behind the socket is not a process of this machine: reload it "
                    "where it runs");
  const Argv arguments = {std::to_string(facts.daemon_pid)};
  co_return co_await run_docker_program(target, hangup_program, arguments,
                                        std::chrono::seconds(10));
}

Task<Result<void>> restart(Target& target, const Facts& facts) {
  if (facts.daemon_pid == 0)
    co_return Error(Status::state,
                    "the daemon behind the socket is not a process of this machine: restart it "
                    "where it runs");
  Argv arguments = {std::to_string(facts.daemon_pid)};
  arguments.insert(arguments.end(), facts.daemon_argv.begin(), facts.daemon_argv.end());
  DT_CO_TRY(co_await run_docker_program(target, docker_restart_program, arguments,
                                        std::chrono::minutes(4)));
  co_return co_await wait_for_engine(target, std::chrono::seconds(90));
}

Task<Result<void>> activate(Target& target, const Facts& facts, const Wanted& wanted) {
  const std::vector<std::string> all;
  if (!wanted.restart) {
    target.progress.text("the Docker engine reads " + facts.config_file + " again");
    DT_CO_TRY(co_await hang_up(target, facts));
    co_return co_await wait_in_force(target, wanted.text.root(), all, std::chrono::seconds(20));
  }
  if (wanted.reload_first) {
    const std::vector<std::string> first = {"live-restore"};
    DT_CO_TRY(co_await hang_up(target, facts));
    DT_CO_TRY(co_await wait_in_force(target, wanted.text.root(), first, std::chrono::seconds(20)));
  }
  target.progress.text("restarting the Docker engine");
  DT_CO_TRY(co_await restart(target, facts));
  co_return co_await wait_in_force(target, wanted.text.root(), all, std::chrono::seconds(30));
}

/// Old file, and a daemon that runs with it.
Task<Result<void>> put_back(Target& target, const Facts& facts) {
  if (facts.config_text) {
    FileWrite file;
    file.path = facts.config_file;
    file.content = *facts.config_text;
    file.follow_symlink = true;
    DT_CO_TRY(co_await target.host.write(file));
  } else {
    DT_CO_TRY(co_await remove_file(target, facts.config_file));
  }
  const auto answers = co_await wait_for_engine(target, std::chrono::seconds(3));
  if (answers) co_return co_await hang_up(target, facts);
  DT_CO_TRY(co_await run_docker_program(target, docker_start_program, facts.daemon_argv,
                                        std::chrono::minutes(3)));
  co_return co_await wait_for_engine(target, std::chrono::seconds(60));
}

/// `cause` with what became of the machine.
Task<Result<void>> roll_back(Target& target, const Facts& facts, Error cause) {
  target.progress.text(facts.config_file + ": putting the old file back");
  const auto back = co_await put_back(target, facts);
  Error error(Status::verify, facts.config_file + ": " + cause.message +
                                  (back ? "; the old file is back and the engine runs with it"
                                        : "; putting the old file back: " + back.error().message));
  error.detail = std::move(cause.detail);
  if (back) {
    const auto removed = co_await remove_file(target, pending_file(facts.config_file));
    if (!removed) co_return removed.error();
  }
  co_return error;
}

Task<Result<void>> write_files(Target& target, const Facts& facts, const std::string& bytes,
                               const json::object& payload) {
  const std::string activation = payload_text(payload, "activation");
  if (activation != "none") {
    FileWrite pending;
    pending.path = pending_file(facts.config_file);
    pending.content = activation + "\n";
    DT_CO_TRY(co_await target.host.write(pending));
  }
  if (facts.config_text) {
    FileWrite backup;
    backup.path = backup_file(facts.config_file);
    backup.content = *facts.config_text;
    DT_CO_TRY(co_await target.host.write(backup));
  }
  FileWrite file;
  file.path = facts.config_file;
  file.content = bytes;
  file.expected_sha256 = payload_text(payload, "old");
  file.follow_symlink = true;
  co_return co_await target.host.write(file);
}

}  // namespace

Task<Result<void>> apply_daemon_json(const Config& config, Target& target,
                                     const json::object& payload) {
  const std::string bytes = base64_decode(payload_text(payload, "text")).value_or("");
  DT_CO_TRY_ASSIGN(const Facts facts, co_await DockerConfig::observe(config, target));
  if (facts.config_file != payload_text(payload, "path") ||
      (facts.config_text ? sha256(*facts.config_text) : "") != payload_text(payload, "old"))
    co_return Error(Status::plan_stale, facts.config_file + " has changed since the plan was made");
  DT_CO_TRY_ASSIGN(const Wanted wanted, wanted_of(bytes, facts, payload));
  const auto written = co_await write_files(target, facts, bytes, payload);
  if (!written) {
    // The old file stands: nothing waits for a reload.
    const auto removed = co_await remove_file(target, pending_file(facts.config_file));
    co_return removed ? written.error() : removed.error();
  }
  if (payload_text(payload, "activation") == "none") co_return Result<void>();
  auto activated = co_await activate(target, facts, wanted);
  if (!activated) co_return co_await roll_back(target, facts, activated.error());
  co_return co_await remove_file(target, pending_file(facts.config_file));
}

Task<Result<void>> apply_activation(const Config& config, Target& target,
                                    const json::object& payload) {
  DT_CO_TRY_ASSIGN(const Facts facts, co_await DockerConfig::observe(config, target));
  if (!facts.config_text)
    co_return Error(Status::plan_stale, facts.config_file + " is gone since the plan was made");
  DT_CO_TRY_ASSIGN(const Wanted wanted, wanted_of(*facts.config_text, facts, payload));
  DT_CO_TRY(co_await activate(target, facts, wanted));
  co_return co_await remove_file(target, pending_file(facts.config_file));
}

}  // namespace dtenv
