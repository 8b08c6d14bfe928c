// Which words run where: the engine's own, in its version, around the ranks' keeper.
#include "formats/launch_engines.hpp"
#include "steps/launch_plan.hpp"
#include "steps/launch_preflight.hpp"
#include "steps/launch_programs.hpp"

namespace dtenv {

namespace {

using Facts = Launch::Facts;

/// DeepSpeed gives every Python script its --local_rank, right behind the name.
constexpr std::string_view local_rank_program = R"sh(
[ "$2" = -m ] && { python=$1; module=$3; shift 3; exec "$python" -u -m "$module" "--local_rank=$LOCAL_RANK" "$@"; }
python=$1; script=$2; shift 2
exec "$python" -u "$script" "--local_rank=$LOCAL_RANK" "$@"
)sh";

/// A script begins its ranks by itself, and so does a DeepSpeed that has no --no_local_rank.
bool keeps_ranks(const Launch::Config& config, const std::string& version) {
  if (config.engine == "deepspeed") return at_least(version, 0, 6, 5);
  return config.engine != "script";
}

/// The Python that the command names, else the one that the preflight asked.
std::string python_of(const Argv& command) {
  const std::string name = command.front().substr(command.front().rfind('/') + 1);
  return starts_with(name, "python") ? command.front() : "python3";
}

/// torchrun and DeepSpeed begin a Python file by themselves; to stand between we need all of it.
Argv whole_command(const Launch::Config& config) {
  Argv command = config.command;
  if (config.engine == "torchrun" && ends_with(command.front(), ".py"))
    command.insert(command.begin(), {"python3", "-u"});
  if (config.engine != "deepspeed") return command;
  const PythonCommand script = python_command(command);
  if (!script.is_python) return command;
  Argv words = {"sh", "-c", std::string(local_rank_program), "dtenv-python", python_of(command)};
  if (script.is_module) words.emplace_back("-m");
  words.insert(words.end(), script.words.begin(), script.words.end());
  return words;
}

Argv rank_command(const Launch::Config& config, const LaunchOrder& order) {
  if (!order.kept) return config.command;
  Argv words = {"sh",
                "-c",
                std::string(keep_rank_program),
                "dtenv-rank",
                order.per_node ? "file" : "tag",
                order.logs};
  const Argv command = whole_command(config);
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

LaunchRequest request_of(const Launch::Config& config, const Cluster<Facts>& cluster,
                         const LaunchOrder& order) {
  const Facts& head = *cluster.find(launch_head(config, cluster));
  LaunchRequest request;
  request.engine = config.engine;
  request.per_node = config.engine == "deepspeed";
  request.engine_version = engine_version(config.engine, head);
  request.command = rank_command(config, order);
  request.python = python_of(config.command);
  request.tagged = false;
  request.env = config.env;
  request.env.emplace_back("DTENV_JOB", order.id);
  if (config.engine != "script") request.env.emplace_back("DTENV_RUN", run_folder(order));
  // By this name its allocation is found again, and the file says that there is one.
  if (config.engine == "slurm") request.env.emplace_back("SLURM_JOB_NAME", "dtenv-" + order.id);
  request.master_port = config.master_port;
  request.ranks = config.ranks.value_or(0);
  request.ssh_config.clear();  // key_exchange wrote ~/.ssh/config
  // Its own file in the engine's own dialect; Open MPI reads both of hostfile_writer's.
  request.hostfile = std::string(launch_folder) + "/." + order.id + "/hostfile";
  if (config.engine == "openmpi" && !head.hostfile.empty()) request.hostfile = head.hostfile;
  if (!config.hostfile.empty()) request.hostfile = config.hostfile;
  for (const auto& machine : cluster.machines) {
    LaunchHost host;
    host.name = machine.node->name;
    host.address = machine.node->address;
    host.slots = machine.facts.slots;
    request.hosts.push_back(std::move(host));
  }
  return request;
}

}  // namespace

Result<void> fill_command(const Launch::Config& config, const Cluster<Facts>& cluster,
                          LaunchOrder& order) {
  order.per_node = begins_on_each_node(config);
  const std::string run = order.id + "." + std::to_string(order.attempt);
  if (!config.log_folder.empty())
    order.logs = config.log_folder + "/" + run;
  else if (order.per_node)
    order.logs = run_folder(order);
  const Facts& facts = *cluster.find(launch_head(config, cluster));
  order.kept = keeps_ranks(config, engine_version(config.engine, facts));
  const LaunchRequest request = request_of(config, cluster, order);
  DT_TRY_ASSIGN(LaunchCommand command, launch_command(request));
  order.rank_hosts = rank_hosts(request);
  if (config.engine == "slurm")
    order.files.push_back({"", std::string(launch_folder) + "/." + order.id + "/slurm", ""});
  for (const auto& machine : cluster.machines)
    if (std::string name = launch_interface(machine.facts); !name.empty())
      order.interfaces[machine.node->name] = std::move(name);
  for (LaunchFile& file : command.files)
    if (file.path != config.hostfile && file.path != cluster.machines.front().facts.hostfile)
      order.files.push_back(std::move(file));
  if (order.per_node) {
    order.nodes = std::move(command.nodes);
    return {};
  }
  NodeCommand head;
  head.name = launch_head(config, cluster);
  head.argv = std::move(command.argv);
  head.env = std::move(command.env);
  order.nodes.push_back(std::move(head));
  return {};
}

}  // namespace dtenv
