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
#include "steps/docker_origin.hpp"
#include "steps/docker_programs.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;
using Facts = DockerConfig::Facts;

struct Daemon {
  int pid = 0;
  bool holds_socket = false;
  std::string uid;
  Argv argv;
  std::map<std::string, std::string> env;
};

/// What the look program said.
struct Look {
  std::map<std::string, std::string> unit;
  std::vector<Daemon> daemons;
  std::vector<std::string> apt_files;
  bool program = false;
  bool whole = false;
};

void take_daemon(std::string_view rest, Look& look) {
  const auto words = split_words(rest);
  Daemon daemon;
  if (words.size() > 0)
    daemon.pid = static_cast<int>(parse_integer(words[0], 1, INT32_MAX).value_or(0));
  daemon.holds_socket = words.size() > 1 && words[1] == "yes";
  if (words.size() > 2) daemon.uid = words[2];
  look.daemons.push_back(std::move(daemon));
}

void take_pair(std::string_view rest, std::map<std::string, std::string>& to) {
  const std::size_t equals = rest.find('=');
  if (equals != std::string_view::npos)
    to[std::string(rest.substr(0, equals))] = rest.substr(equals + 1);
}

void take_package(std::string_view rest, Facts& facts) {
  const auto fields = split(rest, '\t');
  if (fields.size() == 3 && starts_with(fields[0], "ii")) facts.packages[fields[1]] = fields[2];
}

/// "PATH\tPACKAGE\tVERSION\tARCHITECTURE\tDEPENDS"; a file that is no package has no fields.
void take_deb(std::string_view rest, const std::string& folder, Facts& facts) {
  const auto fields = split(rest, '\t');
  if (fields.size() != 5) return;
  facts.folders[folder].push_back({fields[0], fields[1], fields[2], fields[3], fields[4]});
}

Look read_look(std::string_view text, Facts& facts) {
  Look look;
  std::string folder;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
    if (word == "uid") facts.root = rest == "0";
    if (word == "arch") facts.architecture = rest;
    if (word == "systemd") facts.systemd = true;
    if (word == "daemon") take_daemon(rest, look);
    if (word == "arg" && !look.daemons.empty()) look.daemons.back().argv.emplace_back(rest);
    if (word == "env" && !look.daemons.empty()) take_pair(rest, look.daemons.back().env);
    if (word == "unit") take_pair(rest, look.unit);
    if (word == "package") take_package(rest, facts);
    if (word == "shim") facts.shims.emplace_back(rest);
    if (word == "gpu") facts.gpu = true;
    if (word == "toolkit") facts.toolkit = trim(rest);
    if (word == "folder") facts.folders[folder = rest];
    if (word == "deb") take_deb(rest, folder, facts);
    if (word == "apt") look.apt_files.emplace_back(rest);
    if (word == "program") look.program = true;
    if (word == "end") look.whole = true;
  }
  return look;
}

/// The daemon that holds the socket, or the only one there is.
const Daemon* find_daemon(const Look& look) {
  for (const Daemon& daemon : look.daemons)
    if (daemon.holds_socket) return &daemon;
  return look.daemons.size() == 1 ? &look.daemons.front() : nullptr;
}

/// "{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// ; ignore_errors=no ; …"
std::string exec_line(const std::string& shown) {
  const std::size_t begin = shown.find("argv[]=");
  if (begin == std::string::npos) return {};
  return shown.substr(begin + 7, shown.find(" ; ", begin) - begin - 7);
}

Task<Result<Argv>> unit_words(const Look& look, Host& host) {
  const auto line = look.unit.find("ExecStart");
  std::map<std::string, std::string> environment;
  const auto files = look.unit.find("EnvironmentFiles");
  if (files != look.unit.end() && starts_with(files->second, "/")) {
    const std::string path = files->second.substr(0, files->second.find(' '));
    DT_CO_TRY_ASSIGN(const auto file, co_await host.read(path));
    if (file) environment = parse_environment_file(file->content);
  }
  if (line == look.unit.end()) co_return Argv{};
  co_return expand_exec_start(exec_line(line->second), environment);
}

/// Where this daemon's file is: its own flag, a user's own (rootless), snap's, or the usual one.
std::string config_path(const Config& config, const Facts& facts, const Daemon* daemon) {
  if (!config.config_file.empty()) return config.config_file;
  if (const auto flag = config_file_flag(facts.daemon_argv)) return *flag;
  if (daemon && !daemon->uid.empty() && daemon->uid != "0") {
    const auto xdg = daemon->env.find("XDG_CONFIG_HOME");
    const auto home = daemon->env.find("HOME");
    if (xdg != daemon->env.end()) return xdg->second + "/docker/daemon.json";
    if (home != daemon->env.end()) return home->second + "/.config/docker/daemon.json";
  }
  if (!facts.daemon_argv.empty() && starts_with(facts.daemon_argv[0], "/snap/"))
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
Task<Result<void>> observe_packages(const Config& config, const Look& look, Facts& facts,
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
  const Look look = read_look(outcome.out, facts);
  if (!look.whole) co_return command_error(command, outcome);

  const Daemon* daemon = find_daemon(look);
  if (daemon) facts.daemon_pid = daemon->pid;
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
