#include <algorithm>

#include "base/text.hpp"
#include "formats/docker_run_options.hpp"

namespace dtenv {

namespace {

using State = DockerRunState;
using Text = const std::string&;

Error bad(std::string message, std::string hint = {}) {
  Problem problem{"", 0, 0, message, std::move(hint)};
  return {Status::config, std::move(message), {std::move(problem)}};
}

/// A file on the machine where the line was typed is not at hand here.
Result<void> local_file(Text, State&) {
  return bad("the file is on the machine where the line was typed: it is not read here",
             "write its values into the line");
}

Result<void> without_effect(Text, State& state) {
  state.warnings.emplace_back("an option that concerns only the docker command itself is left out");
  return {};
}

Result<void> key_value(Text text, std::vector<std::pair<std::string, std::string>>& to) {
  const std::size_t equals = text.find('=');
  if (text.empty() || equals == 0) return bad("\"" + visible(text) + "\" is not KEY=value");
  to.emplace_back(text.substr(0, equals),
                  equals == std::string::npos ? "" : text.substr(equals + 1));
  return {};
}

Result<void> set_name(Text text, State& state) {
  DT_TRY(check_container_name(text));
  state.name = text;
  return {};
}

Result<void> set_hostname(Text text, State& state) {
  const bool good = !text.empty() && text.size() <= 64 && text[0] != '-' &&
                    text.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_.") == std::string::npos;
  if (!good) return bad("\"" + visible(text) + "\" is no host name");
  state.spec.hostname = text;
  return {};
}

Result<void> add_env(Text text, State& state) {
  DT_TRY(check_env(text));
  const std::string name = text.substr(0, text.find('=') + 1);
  auto& env = state.spec.env;
  // As in the CLI, the last of two with one name counts.
  env.erase(
      std::remove_if(env.begin(), env.end(), [&](Text entry) { return starts_with(entry, name); }),
      env.end());
  env.push_back(text);
  return {};
}

Result<void> add_gpus(Text text, State& state) {
  DT_TRY_ASSIGN(auto gpus, parse_gpus(text));
  state.spec.gpus.push_back(std::move(gpus));
  return {};
}

Result<void> set_stop_timeout(Text text, State& state) {
  const bool negative = text == "-1";
  const auto seconds = negative ? -1 : parse_integer(text, 0, 1 << 30);
  if (!seconds) return bad("\"" + visible(text) + "\" is not a number of seconds");
  state.spec.stop_timeout = static_cast<int>(*seconds);
  return {};
}

std::vector<DockerRunOption> switches() {
  return {
      {"detach", 'd', false,
       [](Text on, State& state) -> Result<void> {
         state.detach = on == "true";
         return {};
       }},
      {"interactive", 'i', false,
       [](Text on, State& state) -> Result<void> {
         state.spec.open_stdin = on == "true";
         return {};
       }},
      {"tty", 't', false,
       [](Text on, State& state) -> Result<void> {
         state.spec.tty = on == "true";
         return {};
       }},
      {"init", 0, false,
       [](Text on, State& state) -> Result<void> {
         state.spec.init = on == "true";
         return {};
       }},
      {"rm", 0, false,
       [](Text on, State& state) -> Result<void> {
         state.spec.auto_remove = on == "true";
         return {};
       }},
      {"privileged", 0, false,
       [](Text on, State& state) -> Result<void> {
         state.spec.privileged = on == "true";
         return {};
       }},
      {"sig-proxy", 0, false, without_effect},
      {"quiet", 'q', false, without_effect},
      {"disable-content-trust", 0, false, without_effect},
  };
}

}  // namespace

std::vector<DockerRunOption> docker_run_basic_options() {
  std::vector<DockerRunOption> options = switches();
  const std::vector<DockerRunOption> values = {
      {"name", 0, true, set_name},
      {"hostname", 'h', true, set_hostname},
      {"domainname", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.domainname = text;
         return {};
       }},
      {"env", 'e', true, add_env},
      {"env-file", 0, true, local_file},
      {"label", 'l', true,
       [](Text text, State& state) { return key_value(text, state.spec.labels); }},
      {"label-file", 0, true, local_file},
      {"cidfile", 0, true, local_file},
      {"user", 'u', true,
       [](Text text, State& state) -> Result<void> {
         state.spec.user = text;
         return {};
       }},
      {"workdir", 'w', true,
       [](Text text, State& state) -> Result<void> {
         if (!starts_with(text, "/"))
           return bad("the working directory '" + visible(text) +
                      "' is invalid, it needs to be "
                      "an absolute path");
         state.spec.workdir = text;
         return {};
       }},
      {"entrypoint", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.entrypoint = std::vector<std::string>{text};
         return {};
       }},
      {"restart", 0, true,
       [](Text text, State& state) {
         return check_restart(text, state.spec.restart, state.spec.restart_retries);
       }},
      {"runtime", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.runtime = text;
         return {};
       }},
      {"isolation", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.isolation = text;
         return {};
       }},
      {"gpus", 0, true, add_gpus},
      {"stop-signal", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.stop_signal = text;
         return {};
       }},
      {"stop-timeout", 0, true, set_stop_timeout},
      {"platform", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.platform = text;
         state.warnings.emplace_back(
             "--platform is a query parameter of the request, not a part "
             "of its body");
         return {};
       }},
      {"log-driver", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.log_driver = text;
         return {};
       }},
      {"log-opt", 0, true,
       [](Text text, State& state) { return key_value(text, state.spec.log_opts); }},
      {"attach", 'a', true, without_effect},
      {"detach-keys", 0, true, without_effect},
      {"pull", 0, true, without_effect},
  };
  options.insert(options.end(), values.begin(), values.end());
  return options;
}

}  // namespace dtenv
