// Which words run where: the engine's own, in its version, around the ranks' keeper.
#include "formats/launch_command.hpp"
#include "steps/launch_plan.hpp"
#include "steps/launch_preflight.hpp"
#include "steps/launch_programs.hpp"

namespace dtenv {

namespace {

using Facts = Launch::Facts;

/// Engines that hand words on as they are. DeepSpeed puts words of its own between, and a script
/// begins its ranks by itself.
bool keeps_words(const Launch::Config& config) {
  return config.engine != "script" && config.engine != "deepspeed";
}

/// torchrun begins a Python file by itself; to stand between the two we need the whole command.
Argv whole_command(const Launch::Config& config) {
  Argv command = config.command;
  if (config.engine == "torchrun" && ends_with(command.front(), ".py"))
    command.insert(command.begin(), {"python3", "-u"});
  return command;
}

Argv rank_command(const Launch::Config& config, const LaunchOrder& order) {
  if (!keeps_words(config)) return config.command;
  std::string mode = "none";
  if (order.per_node)
    mode = "file";
  else if (!order.logs.empty())
    mode = "tee";
  Argv words = {"sh", "-c", std::string(keep_rank_program), "dtenv-rank", mode, order.logs};
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
  request.env = config.env;
  request.env.emplace_back("DTENV_JOB", order.id);
  if (config.engine != "script") request.env.emplace_back("DTENV_RUN", run_folder(order));
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
  const LaunchRequest request = request_of(config, cluster, order);
  DT_TRY_ASSIGN(LaunchCommand command, launch_command(request));
  order.rank_hosts = rank_hosts(request);
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
