#include "steps/launch.hpp"
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

/// "mpirun (Open MPI) 4.1.4" → "4.1.4".
std::string open_mpi_version(std::string_view text) {
  constexpr std::string_view start = "mpirun (Open MPI) ";
  const auto lines = split_lines(text);
  if (lines.empty() || !starts_with(lines[0], start)) return "";
  return std::string(trim(lines[0].substr(start.size())));
}

}  // namespace

Task<Result<Launch::Facts>> Launch::observe(const Config& config, Target& target) {
  Facts facts;
  facts.hostfile =
      !config.hostfile.empty() ? config.hostfile : target.outputs.get("hostfile").value_or("");
  for (const Node& node : target.nodes) {
    const auto slots = target.outputs.get("slots", node.name);
    const auto count = slots ? parse_integer(*slots, 0, 4096) : std::nullopt;
    if (count)
      facts.slots[node.name] = static_cast<int>(*count);
    else if (node.slots)
      facts.slots[node.name] = *node.slots;
  }
  DT_CO_TRY_ASSIGN(TrainingContainer found,
                   co_await find_training_container(target, config.container));
  facts.container = found.name;
  facts.container_id = found.id;
  facts.image_id = found.image_id;
  facts.running = found.running;
  if (!found.running) co_return facts;

  ContainerHost inside(*found.docker, found.name, target.node.name + "/" + found.name);
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
  if (config.engine == "openmpi") {
    Command version;
    version.argv = {"mpirun", "--version"};
    version.timeout = std::chrono::seconds(20);
    DT_CO_TRY_ASSIGN(const Outcome told, co_await inside.run(version));
    facts.mpi_version = open_mpi_version(told.out);
  }
  co_return facts;
}

}  // namespace dtenv
