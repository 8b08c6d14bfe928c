#include "formats/launch_command.hpp"

#include <algorithm>
#include <tuple>

#include "formats/host_name.hpp"
#include "formats/launch_engines.hpp"
#include "formats/launch_files.hpp"
#include "formats/sshd_config.hpp"

namespace dtenv {

namespace {

/// Engines hand file names on inside options that they split at blanks themselves.
bool is_plain_path(const std::string& path) {
  return path.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
             "+,-./:=@_~") == std::string::npos &&
         !starts_with(path, "-");
}

Result<void> check_host(const LaunchHost& host) {
  if (const auto bad = host_name_problem(host.name))
    return Error(Status::config, "launch: host \"" + visible(host.name) + "\": " + *bad);
  if (host.slots < 0) return Error(Status::config, "launch: host " + host.name + ": slots below 0");
  const bool sound = host.interface.size() < 16 &&
                     host.interface.find_first_of("/ \t\n:=^,") == std::string::npos &&
                     !starts_with(host.interface, "-");
  if (!sound)
    return Error(Status::config, "launch: host " + host.name + ": \"" + visible(host.interface) +
                                     "\" is no name of an interface");
  return {};
}

/// What no argument list and no environment can carry.
Result<void> check_words(const LaunchRequest& request) {
  for (const std::string& word : request.command)
    if (word.find('\0') != std::string::npos)
      return Error(Status::config, "launch: a word of the command has a NUL in it");
  for (const auto& [name, value] : request.env) {
    if (!is_variable_name(name))
      return Error(Status::config, "launch: \"" + visible(name) + "\" is no variable's name");
    if (value.find('\0') != std::string::npos)
      return Error(Status::config, "launch: the value of " + name + " has a NUL in it");
  }
  return {};
}

Result<void> check(const LaunchRequest& request) {
  if (request.hosts.empty()) return Error(Status::config, "launch: no hosts");
  if (request.command.empty() || request.command.front().empty())
    return Error(Status::config, "launch: no command");
  for (const LaunchHost& host : request.hosts) {
    DT_TRY(check_host(host));
  }
  DT_TRY(check_words(request));
  for (const std::string* path :
       {&request.hostfile, &request.ssh_config, &request.identity_file, &request.known_hosts_file})
    if (!is_plain_path(*path))
      return Error(Status::config,
                   "launch: the file \"" + visible(*path) +
                       "\": an engine splits at blanks and expands quotes, % and $");
  if (total_slots(request) == 0) return Error(Status::config, "launch: no host has a slot");
  if (request.hosts.front().slots == 0)
    return Error(Status::config,
                 "launch: " + request.hosts.front().name + " has no slot and cannot be the master",
                 {{"", 0, 0, "the first host is the master", "put a host with slots first"}});
  return {};
}

}  // namespace

int total_slots(const LaunchRequest& request) {
  int total = 0;
  for (const LaunchHost& host : request.hosts) total += host.slots;
  return total;
}

std::optional<int> equal_slots(const LaunchRequest& request) {
  const int first = request.hosts.front().slots;
  const bool alike = std::all_of(request.hosts.begin(), request.hosts.end(),
                                 [&](const LaunchHost& host) { return host.slots == first; });
  return alike ? std::optional<int>(first) : std::nullopt;
}

std::string master_address(const LaunchRequest& request) {
  const LaunchHost& first = request.hosts.front();
  return first.address.empty() ? first.name : first.address;
}

Environ with_master(const LaunchRequest& request) {
  Environ env = request.env;
  const auto add = [&](const std::string& name, std::string value) {
    const bool given =
        std::any_of(env.begin(), env.end(), [&](const auto& item) { return item.first == name; });
    if (!given) env.emplace_back(name, std::move(value));
  };
  add("MASTER_ADDR", master_address(request));
  add("MASTER_PORT", std::to_string(request.master_port));
  return env;
}

bool at_least(const std::string& version, int major, int minor, int patch) {
  if (version.empty()) return true;
  const auto parts = split(version, '.');
  const auto number = [&](std::size_t i) {
    if (i >= parts.size()) return std::int64_t{0};
    const std::string digits = parts[i].substr(0, parts[i].find_first_not_of("0123456789"));
    return parse_integer(digits, 0, 1 << 20).value_or(0);
  };
  return std::tuple(number(0), number(1), number(2)) >=
         std::tuple(std::int64_t{major}, std::int64_t{minor}, std::int64_t{patch});
}

PythonCommand python_command(const Argv& command) {
  const std::string name = command.front().substr(command.front().rfind('/') + 1);
  if (!starts_with(name, "python")) return {command, ends_with(name, ".py"), false};
  auto next = command.begin() + 1;
  if (next != command.end() && *next == "-u") ++next;
  const bool is_module = next != command.end() && *next == "-m";
  if (is_module) ++next;
  if (next == command.end() || starts_with(*next, "-")) return {command, false, false};
  return {Argv(next, command.end()), true, is_module};
}

Environ node_env(const LaunchRequest& request, const LaunchHost& host, Environ env) {
  const auto add = [&](const std::string& name, const std::string& value) {
    const bool given = std::any_of(request.env.begin(), request.env.end(),
                                   [&](const auto& item) { return item.first == name; });
    if (!given) env.emplace_back(name, value);
  };
  if (!host.interface.empty()) {
    add("GLOO_SOCKET_IFNAME", host.interface);
    add("TP_SOCKET_IFNAME", host.interface);
  }
  add("OMP_NUM_THREADS", "1");
  return env;
}

namespace {

/// Runs its arguments without the "=" before each. To shift them one by one, 10,000 words took dash
/// 15 s and bash 2 minutes: each copies all the others.
constexpr std::string_view give_back =
    "eval \"exec$(i=0; while [ $i -lt $# ]; do i=$((i + 1)); printf ' \"${%d#=}\"' $i; done)\"";

}  // namespace

Argv rank_program(const Argv& command, std::string_view variables) {
  const bool hidden = std::find(command.begin(), command.end(), ":") != command.end();
  if (!hidden && variables.empty()) return command;
  std::string program = variables.empty() ? "" : "export " + std::string(variables) + "; ";
  program += hidden ? give_back : "exec \"$@\"";
  Argv words = {"sh", "-c", program, "dtenv"};
  for (const std::string& word : command) words.push_back(hidden ? "=" + word : word);
  return words;
}

std::optional<std::string> common_network(const LaunchRequest& request) {
  std::optional<std::uint32_t> first;
  int bits = 24;
  for (const LaunchHost& host : request.hosts) {
    if (!is_ipv4(host.address)) return std::nullopt;
    std::uint32_t address = 0;
    for (const std::string& part : split(host.address, '.'))
      address = address << 8 | static_cast<std::uint32_t>(parse_integer(part, 0, 255).value_or(0));
    if (!first) first = address;
    while (bits > 0 && (address ^ *first) >> (32 - bits) != 0) --bits;
  }
  if (bits < 16) return std::nullopt;
  const std::uint32_t network = *first >> (32 - bits) << (32 - bits);
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += std::to_string(network >> shift & 255) + (shift > 0 ? "." : "/" + std::to_string(bits));
  return text;
}

std::vector<std::string> rank_hosts(const LaunchRequest& request) {
  std::vector<std::string> ranks;
  for (const LaunchHost& host : request.hosts)
    ranks.insert(ranks.end(), static_cast<std::size_t>(std::max(host.slots, 0)), host.name);
  if (request.ranks > 0 && static_cast<std::size_t>(request.ranks) < ranks.size())
    ranks.resize(static_cast<std::size_t>(request.ranks));
  return ranks;
}

namespace {

Result<LaunchCommand> engine_command(const LaunchRequest& request) {
  if (request.engine == "openmpi") return openmpi_command(request);
  if (request.engine == "hydra") return hydra_command(request);
  if (request.engine == "deepspeed") return deepspeed_command(request);
  if (request.engine == "torchrun") return torchrun_command(request);
  if (request.engine == "direct") return direct_command(request);
  if (request.engine == "slurm") return slurm_command(request);
  if (request.engine == "script") {
    LaunchCommand command;
    command.argv = request.command;
    command.env = with_master(request);
    return command;
  }
  const std::vector<std::string> known = {"openmpi", "deepspeed", "hydra", "torchrun",
                                          "slurm",   "direct",    "script"};
  const auto near = nearest(request.engine, known);
  return Error(Status::config,
               "launch: \"" + visible(request.engine) + "\" is no engine" +
                   (near ? "; did you mean \"" + *near + "\"?" : "; known: " + join(known, ", ")));
}

}  // namespace

Result<LaunchCommand> launch_command(const LaunchRequest& request) {
  DT_TRY(check(request));
  if (request.per_node && request.engine != "deepspeed")
    return Error(Status::config, "launch: per_node is for the engine deepspeed");
  DT_TRY_ASSIGN(LaunchCommand command, engine_command(request));
  add_nccl_files(request, command.files);
  return command;
}

}  // namespace dtenv
