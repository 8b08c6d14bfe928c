#include "base/text.hpp"
#include "base/units.hpp"
#include "formats/docker_run_options.hpp"

namespace dtenv {

namespace {

using State = DockerRunState;
using Text = const std::string&;
using Bytes = std::optional<std::int64_t> ContainerSpec::*;

Error bad(std::string message, std::string hint = {}) {
  Problem problem{"", 0, 0, message, std::move(hint)};
  return {Status::config, std::move(message), {std::move(problem)}};
}

template <Bytes field>
Result<void> size(Text text, State& state) {
  if (text == "-1") {
    state.spec.*field = -1;
    return {};
  }
  DT_TRY_ASSIGN(state.spec.*field, parse_size(text));
  return {};
}

template <Bytes field>
Result<void> number(Text text, State& state) {
  const bool negative = starts_with(text, "-");
  const auto value = parse_integer(text.substr(negative ? 1 : 0), 0, INT64_MAX);
  if (!value) return bad("\"" + visible(text) + "\" is not a whole number");
  state.spec.*field = negative ? -*value : *value;
  return {};
}

Result<void> set_memory(Text text, State& state) {
  DT_TRY_ASSIGN(const auto bytes, parse_size(text));
  constexpr std::int64_t least = 6 * 1024 * 1024;
  if (bytes < least) return bad("Minimum memory limit allowed is 6MB");
  state.spec.memory = bytes;
  return {};
}

Result<void> set_cpus(Text text, State& state) {
  DT_TRY_ASSIGN(state.spec.nano_cpus, parse_cpus(text));
  return {};
}

template <std::string ContainerSpec::*field>
Result<void> cpu_list(Text text, State& state) {
  if (text.empty() || text.find_first_not_of("0123456789,-") != std::string::npos)
    return bad("\"" + visible(text) + "\" is not a list such as 0-3,8");
  state.spec.*field = text;
  return {};
}

template <std::vector<std::string> ContainerSpec::*field>
Result<void> add(Text text, State& state) {
  if (text.empty()) return bad("an empty value");
  (state.spec.*field).push_back(text);
  return {};
}

Result<void> add_ulimit(Text text, State& state) {
  DT_TRY_ASSIGN(auto ulimit, parse_ulimit(text));
  state.spec.ulimits.push_back(std::move(ulimit));
  return {};
}

Result<void> add_sysctl(Text text, State& state) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return bad("sysctl \"" + visible(text) + "\" is not NAME=value");
  state.spec.sysctls.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  return {};
}

Result<void> set_oom_score(Text text, State& state) {
  const bool negative = starts_with(text, "-");
  const auto value = parse_integer(text.substr(negative ? 1 : 0), 0, 1000);
  if (!value) return bad("\"" + visible(text) + "\" is not a whole number from -1000 to 1000");
  state.spec.oom_score_adj = static_cast<int>(negative ? -*value : *value);
  return {};
}

Result<void> set_oom_kill(Text on, State& state) {
  state.spec.oom_kill_disable = on == "true";
  return {};
}

}  // namespace

std::vector<DockerRunOption> docker_run_limit_options() {
  using Spec = ContainerSpec;
  return {
      {"memory", 'm', true, set_memory},
      {"memory-swap", 0, true, size<&Spec::memory_swap>},
      {"memory-reservation", 0, true, size<&Spec::memory_reservation>},
      {"memory-swappiness", 0, true, number<&Spec::swappiness>},
      {"cpus", 0, true, set_cpus},
      {"cpu-shares", 'c', true, number<&Spec::cpu_shares>},
      {"cpu-quota", 0, true, number<&Spec::cpu_quota>},
      {"cpu-period", 0, true, number<&Spec::cpu_period>},
      {"cpuset-cpus", 0, true, cpu_list<&Spec::cpuset_cpus>},
      {"cpuset-mems", 0, true, cpu_list<&Spec::cpuset_mems>},
      {"pids-limit", 0, true, number<&Spec::pids_limit>},
      {"ulimit", 0, true, add_ulimit},
      {"oom-score-adj", 0, true, set_oom_score},
      {"oom-kill-disable", 0, false, set_oom_kill},
      {"sysctl", 0, true, add_sysctl},
      {"cap-add", 0, true, add<&Spec::cap_add>},
      {"cap-drop", 0, true, add<&Spec::cap_drop>},
      {"security-opt", 0, true, add<&Spec::security_opt>},
      {"group-add", 0, true, add<&Spec::group_add>},
  };
}

}  // namespace dtenv
