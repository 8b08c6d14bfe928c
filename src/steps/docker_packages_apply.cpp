// The acting half of DockerConfig about packages: key, source, apt or dnf.
#include <algorithm>
#include <boost/json.hpp>

#include "formats/apt_output.hpp"
#include "formats/openpgp.hpp"
#include "net/download.hpp"
#include "steps/docker_changes.hpp"
#include "steps/package_lock.hpp"

namespace dtenv {

namespace {

/// No prompts, conffiles kept, dpkg's lock waited for, needrestart told to list only: it would
/// restart other people's daemons.
Command apt_command(Argv arguments, Duration patience) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(patience).count();
  Command command;
  command.argv = {"apt-get",
                  "-q",
                  "-y",
                  "-o",
                  "DPkg::Lock::Timeout=" + std::to_string(seconds),
                  "-o",
                  "Dpkg::Options::=--force-confdef",
                  "-o",
                  "Dpkg::Options::=--force-confold"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.env = {{"DEBIAN_FRONTEND", "noninteractive"}, {"NEEDRESTART_MODE", "l"}};
  command.timeout = std::chrono::minutes(30);
  return command;
}

Task<Result<Outcome>> run_apt(Target& target, Duration patience, Argv arguments) {
  const Command command = apt_command(std::move(arguments), patience);
  target.progress.text(show_argv(command.argv));
  co_return co_await run_when_unlocked(target, command, patience);
}

Task<Result<void>> run_dnf(Target& target, std::string verb, Argv packages) {
  Command command;
  command.argv = {"dnf", "-y", verb};
  command.argv.insert(command.argv.end(), packages.begin(), packages.end());
  command.timeout = std::chrono::minutes(30);
  target.progress.text(show_argv(command.argv));
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await target.host.run(command));
  if (outcome.ok()) co_return Result<void>();
  co_return package_error("dnf " + verb + " " + join(packages, " "), outcome.out, outcome.err,
                          outcome.exit_code);
}

/// Only this source is read, and a warning of it counts.
Task<Result<void>> update_source(Target& target, Duration patience, std::string path) {
  const Argv arguments = {"update",
                          "-o",
                          "Dir::Etc::sourcelist=" + path,
                          "-o",
                          "Dir::Etc::sourceparts=-",
                          "-o",
                          "APT::Get::List-Cleanup=0"};
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await run_apt(target, patience, arguments));
  if (outcome.ok() && is_update_clean(outcome.err)) co_return Result<void>();
  co_return package_error(path + ": apt-get update", outcome.out, outcome.err, outcome.exit_code);
}

/// "install a b old-": one transaction takes the old ones away and brings the new ones, so that a
/// download that breaks off leaves all as it was.
Argv install_arguments(const json::object& payload) {
  Argv arguments;
  // Nothing but the files is known to apt then: nothing can come from the network.
  if (payload_flag(payload, "from_folder"))
    arguments = {"-o", "Dir::Etc::sourcelist=/dev/null", "-o", "Dir::Etc::sourceparts=-",
                 "-o", "Dir::Cache::pkgcache=",          "-o", "Dir::Cache::srcpkgcache="};
  arguments.insert(arguments.end(), {"install", "--no-install-recommends"});
  for (std::string& package : payload_texts(payload, "packages"))
    arguments.push_back(std::move(package));
  for (const std::string& package : payload_texts(payload, "removes"))
    arguments.push_back(package + "-");
  return arguments;
}

/// What would be done is looked at first: what cannot be installed, or would take away more than
/// the plan says, is not begun.
Task<Result<void>> simulate(Target& target, Duration patience, const json::object& payload,
                            Argv arguments, std::string attempted) {
  arguments.insert(arguments.begin(), "-s");
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await run_apt(target, patience, arguments));
  if (!outcome.ok())
    co_return package_error(attempted, outcome.out, outcome.err, outcome.exit_code);
  const auto planned = payload_texts(payload, "removes");
  std::vector<std::string> others;
  for (const std::string& package : simulated_removals(outcome.out))
    if (std::find(planned.begin(), planned.end(), package) == planned.end())
      others.push_back(package);
  if (others.empty()) co_return Result<void>();
  co_return Error(Status::state, attempted + ": would remove " + join(others, ", ") +
                                     " too: nothing was installed");
}

Task<Result<void>> apt_install(Target& target, Duration patience, const json::object& payload) {
  const std::string source = payload_text(payload, "source");
  const bool from_folder = payload_flag(payload, "from_folder");
  const std::string attempted = "apt-get install " + join(payload_texts(payload, "packages"), " ");
  if (!source.empty()) {
    DT_CO_TRY(co_await update_source(target, patience, source));
  }
  std::string update_words;
  if (!from_folder) {
    const Argv update = {"update"};
    DT_CO_TRY_ASSIGN(const Outcome updated, co_await run_apt(target, patience, update));
    // Somebody's broken source must not keep ours from being installed: it is told if that fails.
    if (!updated.ok()) update_words = package_words(updated.out, updated.err);
  }
  const Argv arguments = install_arguments(payload);
  auto possible = co_await simulate(target, patience, payload, arguments, attempted);
  if (!possible) {
    Error error = possible.error();
    if (!update_words.empty()) error.message += "; apt-get update: " + update_words;
    co_return error;
  }
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await run_apt(target, patience, arguments));
  if (outcome.ok()) co_return Result<void>();
  co_return package_error(attempted, outcome.out, outcome.err, outcome.exit_code);
}

Task<Result<void>> dnf_install(Target& target, const json::object& payload) {
  Argv removes = payload_texts(payload, "removes");
  if (!removes.empty()) {
    DT_CO_TRY(co_await run_dnf(target, "remove", removes));
  }
  Argv packages = payload_texts(payload, "packages");
  co_return co_await run_dnf(target, "install", packages);
}

Task<Result<void>> check_toolkit(Target& target) {
  Command command;
  command.argv = {"nvidia-ctk", "--version"};
  const auto answered = co_await run_ok(target.host, command);
  if (!answered) co_return answered.error();
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> apply_key(Target& target, const json::object& payload) {
  std::string key = payload_text(payload, "key");
  const std::string url = payload_text(payload, "url");
  const std::string fingerprint = payload_text(payload, "fingerprint");
  if (key.empty()) {
    target.progress.text("fetching " + url);
    CurlLoop curl(co_await asio::this_coro::executor);
    DT_CO_TRY_ASSIGN(key, co_await fetch(curl, url, std::size_t{1} << 20));
  }
  DT_CO_TRY_ASSIGN(const auto prints, openpgp_fingerprints(key));
  if (prints.size() != 1 || prints.front() != fingerprint)
    co_return Error(Status::verify, (url.empty() ? std::string("the document's key") : url) +
                                        ": the key's fingerprint is " + join(prints, ", ") +
                                        ", not " + fingerprint + ": nothing was installed");
  FileWrite file;
  file.path = payload_text(payload, "path");
  file.mode = 0644;
  if (!payload_flag(payload, "rpm")) {
    DT_CO_TRY_ASSIGN(file.content, openpgp_dearmor(key));
    co_return co_await target.host.write(file);
  }
  file.content = key;
  DT_CO_TRY(co_await target.host.write(file));
  Command import;
  import.argv = {"rpm", "--import", file.path};
  const auto imported = co_await run_ok(target.host, import);
  if (!imported) co_return imported.error();
  co_return Result<void>();
}

Task<Result<void>> apply_source(Target& target, const json::object& payload) {
  FileWrite file;
  file.path = payload_text(payload, "path");
  file.content = payload_text(payload, "text");
  const std::string old = payload_text(payload, "old");
  if (old.empty())
    file.mode = 0644;
  else
    file.expected_sha256 = old;
  co_return co_await target.host.write(file);
}

Task<Result<void>> apply_packages(const DockerConfig::Config& config, Target& target,
                                  const json::object& payload) {
  if (payload_flag(payload, "dnf")) {
    DT_CO_TRY(co_await dnf_install(target, payload));
  } else {
    DT_CO_TRY(co_await apt_install(target, config.lock_timeout, payload));
  }
  if (payload_text(payload, "then") == "toolkit") co_return co_await check_toolkit(target);
  DT_CO_TRY_ASSIGN(const bool answers, co_await engine_answers(target));
  if (answers) co_return Result<void>();
  const std::string unit = "docker.service";
  co_return co_await apply_start(target, unit);
}

}  // namespace dtenv
