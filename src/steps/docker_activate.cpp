// The acting half of DockerConfig about daemon.json: written, brought into force, proved by /info,
// and put back where the daemon does not take it.
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "base/digest.hpp"
#include "formats/daemon_json_encoding.hpp"
#include "net/docker.hpp"
#include "steps/docker_changes.hpp"
#include "steps/docker_programs.hpp"
#include "steps/docker_write.hpp"

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
Task<Result<void>> put_back(const Config& config, Target& target, const Facts& facts,
                            const std::string& bytes) {
  DT_CO_TRY(co_await restore_daemon_json(target, facts, bytes));
  const auto answers = co_await wait_for_engine(target, std::chrono::seconds(3));
  if (answers) {
    // It may be another process by now: systemd starts one again by itself.
    DT_CO_TRY_ASSIGN(const Facts now, co_await DockerConfig::observe(config, target));
    co_return co_await hang_up(target, now);
  }
  Argv arguments = {facts.daemon_unit};
  arguments.insert(arguments.end(), facts.daemon_argv.begin(), facts.daemon_argv.end());
  DT_CO_TRY(co_await run_docker_program(target, docker_start_program, arguments,
                                        std::chrono::minutes(3)));
  co_return co_await wait_for_engine(target, std::chrono::seconds(60));
}

/// `cause` with what became of the machine.
Task<Result<void>> roll_back(const Config& config, Target& target, const Facts& facts,
                             const std::string& bytes, Error cause) {
  target.progress.text(facts.config_file + ": putting the old file back");
  const auto back = co_await put_back(config, target, facts, bytes);
  Error error(Status::verify, facts.config_file + ": " + cause.message +
                                  (back ? "; the old file is back and the engine runs with it"
                                        : "; putting the old file back: " + back.error().message));
  error.detail = std::move(cause.detail);
  if (back) {
    DT_CO_TRY(co_await remove_pending(target, facts.config_file));
  }
  co_return error;
}

/// The bytes to write. Where somebody else has edited the file since the plan was made, the same
/// changes to the file as it is now; PLAN_STALE where they would be others, or do other things.
Result<std::string> bytes_for(const Config& config, const Facts& facts,
                              const json::object& payload) {
  const Error moved(Status::plan_stale, facts.config_file + " has changed since the plan was made");
  if (facts.config_file != payload_text(payload, "path")) return moved;
  if ((facts.config_text ? sha256(*facts.config_text) : "") == payload_text(payload, "old"))
    return base64_decode(payload_text(payload, "text")).value_or("");
  DT_TRY_ASSIGN(const DaemonJsonMerge merge, wanted_daemon_json(config, facts));
  const Activation activation = facts.engine ? merge.plan.activation : Activation::none;
  if (!merge.changed || activation_name(activation) != payload_text(payload, "activation") ||
      merge.plan.reload_first != payload_flag(payload, "reload_first") ||
      join(merge.plan.changes, "\n") != payload_text(payload, "changes"))
    return moved;
  return merge.text;
}

Task<Result<bool>> is_as_it_was(Target& target, const Facts& facts) {
  DT_CO_TRY_ASSIGN(const auto state, co_await target.host.read(facts.config_file));
  if (!state || !facts.config_text) co_return state.has_value() == facts.config_text.has_value();
  co_return state->content == *facts.config_text;
}

/// Reads, checks and writes; again where somebody else was faster.
Task<Result<std::string>> write_wanted(const Config& config, Target& target,
                                       const json::object& payload, Facts& facts) {
  for (int tries = 0;; ++tries) {
    DT_CO_TRY_ASSIGN(facts, co_await DockerConfig::observe(config, target));
    DT_CO_TRY_ASSIGN(std::string bytes, bytes_for(config, facts, payload));
    DT_CO_TRY(co_await validate_daemon_json(target, facts, bytes));
    const auto written =
        co_await write_daemon_json(target, facts, bytes, payload_text(payload, "activation"));
    if (written) co_return std::move(bytes);
    const bool stale = written.error().status == Status::plan_stale;
    DT_CO_TRY_ASSIGN(const bool old_stands, co_await is_as_it_was(target, facts));
    // Where the file is new all the same (a disk that ends at the last fsync), the mark stays.
    if (stale || old_stands) {
      DT_CO_TRY(co_await remove_pending(target, facts.config_file));
    }
    if (!stale || tries == 5) co_return written.error();
  }
}

}  // namespace

Task<Result<void>> apply_daemon_json(const Config& config, Target& target,
                                     const json::object& payload) {
  Facts facts;
  DT_CO_TRY_ASSIGN(const std::string bytes, co_await write_wanted(config, target, payload, facts));
  DT_CO_TRY_ASSIGN(const Wanted wanted, wanted_of(bytes, facts, payload));
  if (payload_text(payload, "activation") == "none") co_return Result<void>();
  auto activated = co_await activate(target, facts, wanted);
  if (!activated) co_return co_await roll_back(config, target, facts, bytes, activated.error());
  co_return co_await remove_pending(target, facts.config_file);
}

Task<Result<void>> apply_activation(const Config& config, Target& target,
                                    const json::object& payload) {
  DT_CO_TRY_ASSIGN(const Facts facts, co_await DockerConfig::observe(config, target));
  if (!facts.config_text)
    co_return Error(Status::plan_stale, facts.config_file + " is gone since the plan was made");
  DT_CO_TRY_ASSIGN(const Wanted wanted, wanted_of(*facts.config_text, facts, payload));
  if (!facts.pending.empty()) {
    // Written again as it is: that takes away what the run that was cut short left beside it.
    FileWrite same;
    same.path = facts.config_file;
    same.content = *facts.config_text;
    same.expected_sha256 = sha256(*facts.config_text);
    same.follow_symlink = true;
    DT_CO_TRY(co_await target.host.write(same));
  }
  DT_CO_TRY(co_await activate(target, facts, wanted));
  co_return co_await remove_pending(target, facts.config_file);
}

}  // namespace dtenv
