#include <chrono>
#include <cstdlib>

#include "formats/host_name.hpp"
#include "steps/launch.hpp"
#include "steps/launch_peers.hpp"
#include "steps/launch_preflight_programs.hpp"
#include "steps/launch_programs.hpp"
#include "steps/training_container.hpp"

namespace dtenv {

namespace {

constexpr Duration manifest_limit = std::chrono::minutes(10);

Command sh(std::string_view program, const std::vector<std::string>& arguments) {
  Command command;
  command.argv = {"sh", "-c", std::string(program), "dtenv"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

std::vector<Launch::Run> parse_runs(std::string_view text) {
  std::vector<Launch::Run> runs;
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    const auto code = words.size() == 3 ? parse_integer(words[2], 0, 255) : std::nullopt;
    if (!code) continue;
    Launch::Run run;
    run.name = words[0];
    run.state = words[1];
    run.exit_code = static_cast<int>(*code);
    runs.push_back(std::move(run));
  }
  return runs;
}

/// "KEY VALUE" lines; "way INTERFACE COUNT ADDRESS" becomes the key "way.INTERFACE".
void parse_facts(std::string_view text, Launch::Facts& facts) {
  for (const std::string_view line : split_lines(text)) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    std::string key(line.substr(0, blank));
    std::string_view value = trim(line.substr(blank + 1));
    if (key == "way") {
      const std::size_t next = value.find(' ');
      if (next == std::string_view::npos) continue;
      key += "." + std::string(value.substr(0, next));
      value = trim(value.substr(next + 1));
    }
    facts.found[std::move(key)] = to_utf8(value.substr(0, 200));
  }
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// What the launch depends on in this container, in one round trip. Which way the others are
/// reached is asked for as many of them as a probe asks: the rest is behind the same interfaces.
Task<Result<void>> look_inside(const Launch::Config& config, const Target& target,
                               ContainerHost& inside, Launch::Facts& facts) {
  std::vector<std::string> arguments = {std::to_string(config.master_port)};
  for (const Node* peer : some_peers(target.nodes, target.node))
    if (is_ipv4(peer->address)) arguments.push_back(peer->address);
  const Command look = sh(facts_program, arguments);
  const double before = now_s();
  DT_CO_TRY_ASSIGN(const Outcome seen, co_await run_ok(inside, look));
  parse_facts(seen.out, facts);
  const auto clock = facts.found.find("clock");
  if (clock == facts.found.end()) co_return Result<void>();
  // It is read first thing: what came before is half a round trip, and no second.
  facts.skew_s = std::strtod(clock->second.c_str(), nullptr) - before;
  co_return Result<void>();
}

}  // namespace

Task<Result<Launch::Facts>> Launch::observe(const Config& config, Target& target) {
  Facts facts;
  facts.hostfile =
      !config.hostfile.empty() ? config.hostfile : target.outputs.get("hostfile").value_or("");
  const auto slots = target.outputs.get("slots", target.node.name);
  const auto count = slots ? parse_integer(*slots, 0, 4096) : std::nullopt;
  facts.slots = count ? static_cast<int>(*count) : target.node.slots.value_or(1);
  DT_CO_TRY_ASSIGN(TrainingContainer found,
                   co_await find_training_container(target, config.container));
  facts.container = found.name;
  facts.container_id = found.id;
  facts.image_id = found.image_id;
  facts.running = found.running;
  if (!found.running) co_return facts;

  ContainerHost inside(*found.docker, found.name, target.node.name + "/" + found.name,
                       target.node.container_user);
  const std::vector<std::string> folder = {std::string(launch_folder)};
  const Command list = sh(list_program, folder);
  DT_CO_TRY_ASSIGN(const Outcome runs, co_await run_ok(inside, list));
  facts.runs = parse_runs(runs.out);
  for (const std::string& path : config.same_paths) {
    const std::vector<std::string> argument = {path};
    Command manifest = sh(manifest_program, argument);
    manifest.timeout = manifest_limit;
    manifest.output_limit = std::size_t{64} << 20;
    DT_CO_TRY_ASSIGN(Outcome listed, co_await inside.run(manifest));
    if (listed.exit_code == 66) continue;
    if (!listed.ok()) co_return command_error(manifest, listed);
    facts.manifests[path] = std::move(listed.out);
  }
  DT_CO_TRY(co_await look_inside(config, target, inside, facts));
  co_return facts;
}

}  // namespace dtenv
