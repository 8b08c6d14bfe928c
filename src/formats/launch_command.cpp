#include "formats/launch_command.hpp"

#include <algorithm>
#include <tuple>

#include "formats/host_name.hpp"
#include "formats/launch_engines.hpp"

namespace dtenv {

namespace {

Result<void> check(const LaunchRequest& request) {
  if (request.hosts.empty()) return Error(Status::config, "launch: no hosts");
  if (request.command.empty() || request.command.front().empty())
    return Error(Status::config, "launch: no command");
  for (const LaunchHost& host : request.hosts) {
    if (const auto bad = host_name_problem(host.name))
      return Error(Status::config, "launch: host \"" + visible(host.name) + "\": " + *bad);
    if (host.slots < 0)
      return Error(Status::config, "launch: host " + host.name + ": slots below 0");
  }
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
  if (starts_with(name, "python") && command.size() > 1)
    return {
        Argv(command.begin() + (command[1] == "-u" && command.size() > 2 ? 2 : 1), command.end()),
        true};
  return {command, ends_with(name, ".py")};
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

Result<LaunchCommand> launch_command(const LaunchRequest& request) {
  DT_TRY(check(request));
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

}  // namespace dtenv
