// The reading half of DockerConfig: the system, the engine that answers, the daemon behind it and
// the file it reads.
#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.hpp"
#include "formats/daemon_flags.hpp"
#include "formats/openpgp.hpp"
#include "net/docker.hpp"
#include "steps/docker_config.hpp"
#include "steps/docker_files.hpp"
#include "steps/docker_look.hpp"
#include "steps/docker_origin.hpp"
#include "steps/docker_programs.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;
using Facts = DockerConfig::Facts;

/// The daemon that holds the socket, or the only one there is.
const DockerDaemon* find_daemon(const DockerLook& look) {
  for (const DockerDaemon& daemon : look.daemons)
    if (daemon.holds_socket) return &daemon;
  return look.daemons.size() == 1 ? &look.daemons.front() : nullptr;
}

/// "{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// ; ignore_errors=no ; …"
std::string exec_line(const std::string& shown) {
  const std::size_t begin = shown.find("argv[]=");
  if (begin == std::string::npos) return {};
  return shown.substr(begin + 7, shown.find(" ; ", begin) - begin - 7);
}

std::string unit_value(const DockerLook& look, const std::string& property) {
  const auto found = look.unit.find(property);
  return found == look.unit.end() ? std::string() : found->second;
}

/// Of the unit and all of its drop-ins, as systemd joined them.
Task<Result<Argv>> unit_words(const DockerLook& look, Host& host) {
  auto environment = parse_unit_environment(unit_value(look, "Environment"));
  const std::string files = unit_value(look, "EnvironmentFiles");
  for (const std::string_view line : split_lines(files)) {
    if (!starts_with(line, "/")) continue;
    DT_CO_TRY_ASSIGN(const auto file,
                     co_await host.read(std::string(line.substr(0, line.find(' ')))));
    if (!file) continue;
    for (auto& [name, value] : parse_environment_file(file->content)) environment[name] = value;
  }
  const std::string line = exec_line(unit_value(look, "ExecStart"));
  co_return line.empty() ? Argv{} : expand_exec_start(line, environment);
}

/// A user's own daemon, in a user namespace of its own.
bool is_rootless(const DockerDaemon* daemon) {
  return daemon && !daemon->uid.empty() && daemon->uid != "0";
}

/// Where this daemon's file is: its own flag, a user's own (rootless), snap's, or the usual one.
std::string config_path(const Config& config, const Facts& facts, const DockerDaemon* daemon) {
  if (!config.config_file.empty()) return config.config_file;
  if (const auto flag = config_file_flag(facts.daemon_argv)) {
    if (starts_with(*flag, "/") || !daemon) return *flag;
    return daemon->folder + "/" + *flag;
  }
  if (is_rootless(daemon)) {
    const auto xdg = daemon->env.find("XDG_CONFIG_HOME");
    const auto home = daemon->env.find("HOME");
    if (xdg != daemon->env.end()) return xdg->second + "/docker/daemon.json";
    if (home != daemon->env.end()) return home->second + "/.config/docker/daemon.json";
  }
  const std::string program = daemon ? daemon->program : "";
  if (starts_with(program, "/snap/") || (!daemon && starts_with(facts.daemon_unit, "snap.")))
    return "/var/snap/docker/current/config/daemon.json";
  return "/etc/docker/daemon.json";
}

Task<Result<void>> observe_engine(Facts& facts, Host& host) {
  auto docker = co_await host.docker();
  if (!docker && docker.error().status != Status::not_found) co_return docker.error();
  if (!docker) {
    facts.engine_problem = docker.error().message;
    co_return Result<void>();
  }
  (*docker)->forget();
  auto info = co_await (*docker)->get("/info", std::chrono::seconds(30));
  if (!info && info.error().status == Status::not_found) {
    facts.engine_problem = info.error().message;
    co_return Result<void>();
  }
  if (!info) co_return info.error();
  facts.engine = true;
  facts.info = read_engine_info(*info);
  DT_CO_TRY_ASSIGN(const json::value list,
                   co_await (*docker)->get("/containers/json", std::chrono::seconds(30)));
  if (!list.is_array()) co_return Result<void>();
  for (const json::value& one : list.as_array()) facts.containers.push_back(container_line(one));
  facts.info.running = static_cast<int>(facts.containers.size());
  co_return Result<void>();
}

/// What names repositories, and the keys it names: only where something is to come from one.
Task<Result<void>> observe_packages(const Config& config, const DockerLook& look, Facts& facts,
                                    Host& host) {
  const bool engine = !facts.engine && config.source == DockerConfig::Source::docker_ce;
  const bool toolkit = config.toolkit.wanted && facts.toolkit.empty();
  if (!engine && !toolkit) co_return Result<void>();
  std::vector<std::string> keyrings;
  keyrings.push_back(toolkit_origin(config, facts).key_path);
  if (const auto origin = docker_origin(config, facts)) keyrings.push_back(origin->key_path);
  for (const std::string& path : look.apt_files) {
    DT_CO_TRY_ASSIGN(auto file, co_await host.read(path));
    if (file) facts.apt_files.push_back({path, std::move(file->content)});
  }
  for (const std::string& path : signed_by_paths(facts.apt_files)) keyrings.push_back(path);
  for (const std::string& path : keyrings) {
    DT_CO_TRY_ASSIGN(const auto key, co_await host.read(path));
    if (!key) continue;
    if (auto prints = openpgp_fingerprints(key->content)) facts.keyrings[path] = *prints;
  }
  co_return Result<void>();
}

/// "restart SHA256": of the file that was to be replaced. While that one stands, nothing waits.
std::string still_pending(std::string_view mark, const Facts& facts) {
  const auto words = split_words(mark);
  if (words.empty()) return {};
  const std::string now = facts.config_text ? sha256(*facts.config_text) : "";
  const std::string_view replaced = words.size() > 1 ? words[1] : std::string_view{};
  return now == replaced ? std::string{} : std::string(words[0]);
}

}  // namespace

Task<Result<DockerConfig::Facts>> DockerConfig::observe(const Config& config, Target& target) {
  Facts facts;
  Host& host = target.host;
  DT_CO_TRY(co_await observe_engine(facts, host));
  DT_CO_TRY_ASSIGN(const auto release, co_await host.read("/etc/os-release"));
  if (release) facts.os = parse_os_release(release->content);
  Command command;
  command.argv = {"sh", "-c", std::string(docker_look_program), "dtenv-docker-look"};
  if (!config.folder.empty()) command.argv.push_back(config.folder);
  if (!config.toolkit.folder.empty() && config.toolkit.folder != config.folder)
    command.argv.push_back(config.toolkit.folder);
  command.timeout = std::chrono::seconds(30);
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await host.run(command));
  const DockerLook look = read_docker_look(outcome.out, facts);
  if (!look.whole) co_return command_error(command, outcome);

  const DockerDaemon* daemon = find_daemon(look);
  if (daemon) facts.daemon_pid = daemon->pid;
  facts.rootless = is_rootless(daemon);
  if (const std::string unit = unit_value(look, "Id"); !unit.empty()) facts.daemon_unit = unit;
  if (daemon && !daemon->argv.empty()) {
    facts.daemon_argv = daemon->argv;
  } else {
    DT_CO_TRY_ASSIGN(facts.daemon_argv, co_await unit_words(look, host));
    if (facts.daemon_argv.empty() && look.program) facts.daemon_argv = {"dockerd"};
  }
  facts.config_file = config_path(config, facts, daemon);
  constexpr std::size_t limit = std::size_t{1} << 20;
  DT_CO_TRY_ASSIGN(auto file, co_await host.read(facts.config_file, limit));
  if (file) facts.config_text = std::move(file->content);
  DT_CO_TRY_ASSIGN(const auto pending, co_await host.read(pending_file(facts.config_file)));
  if (pending) facts.pending = still_pending(pending->content, facts);
  DT_CO_TRY(co_await observe_packages(config, look, facts, host));
  co_return facts;
}

}  // namespace dtenv
