// torchrun, Slurm, and ranks begun by ourselves.
#include "formats/hostfile.hpp"
#include "formats/launch_engines.hpp"
#include "formats/launch_files.hpp"

namespace dtenv {

namespace {

/// Begins LOCAL_WORLD_SIZE ranks; the first that fails ends the others, and its code is the node's.
constexpr std::string_view ranks_program = R"sh(
rank=0; pids=
while [ "$rank" -lt "$LOCAL_WORLD_SIZE" ]; do
  RANK=$((DTENV_FIRST_RANK + rank)) LOCAL_RANK=$rank "$@" &
  pids="$pids $!"; rank=$((rank + 1))
done
trap 'kill -TERM $pids 2>/dev/null' TERM INT HUP
code=0
for pid in $pids; do
  wait "$pid" || { code=$?; kill -TERM $pids 2>/dev/null; break; }
done
wait
exit "$code"
)sh";

/// The agent's own macros, ${local_rank}, are filled in by Python's string.Template, for which $$
/// is a $: in every word but a program's own name.
void add_words(const PythonCommand& script, bool has_macros, Argv& argv) {
  for (std::size_t i = 0; i < script.words.size(); ++i) {
    const bool filled = has_macros && (i > 0 || script.is_python);
    argv.push_back(filled ? replace_all(script.words[i], "$", "$$") : script.words[i]);
  }
}

}  // namespace

Result<LaunchCommand> torchrun_command(const LaunchRequest& request) {
  const std::string& version = request.engine_version;
  const bool dashes = at_least(version, 2, 0);
  const auto option = [&](std::string name, const std::string& value) {
    return "--" + (dashes ? name : replace_all(name, "-", "_")) + "=" + value;
  };
  const PythonCommand script = python_command(request.command);
  LaunchCommand command;
  int rank = 0;
  for (const LaunchHost& host : request.hosts) {
    NodeCommand node;
    node.name = host.name;
    node.env = node_env(request, host, request.env);
    if (at_least(version, 1, 10))
      node.argv = {"torchrun"};
    else if (at_least(version, 1, 9))
      node.argv = {request.python, "-m", "torch.distributed.run"};
    else
      node.argv = {request.python, "-m", "torch.distributed.launch", "--use_env"};
    node.argv.push_back(option("nnodes", std::to_string(request.hosts.size())));
    node.argv.push_back(option("nproc-per-node", std::to_string(host.slots)));
    node.argv.push_back(option("node-rank", std::to_string(rank++)));
    // static: the hostfile's order is the ranks' order; c10d would sort the nodes by address.
    if (at_least(version, 1, 9)) {
      node.argv.push_back(option("rdzv-backend", "static"));
      node.argv.push_back(option("max-restarts", "0"));
    }
    node.argv.push_back(option("master-addr", master_address(request)));
    node.argv.push_back(option("master-port", std::to_string(request.master_port)));
    if (script.is_module) node.argv.emplace_back("--module");
    if (!script.is_python) node.argv.push_back(dashes ? "--no-python" : "--no_python");
    add_words(script, at_least(version, 1, 9), node.argv);
    command.nodes.push_back(std::move(node));
  }
  return command;
}

Result<LaunchCommand> direct_command(const LaunchRequest& request) {
  LaunchCommand command;
  int node_rank = 0;
  int first_rank = 0;
  for (const LaunchHost& host : request.hosts) {
    NodeCommand node;
    node.name = host.name;
    node.env = with_master(request);
    const std::string number = std::to_string(node_rank++);
    node.env.emplace_back("NODE_RANK", number);
    node.env.emplace_back("GROUP_RANK", number);
    node.env.emplace_back("WORLD_SIZE", std::to_string(total_slots(request)));
    node.env.emplace_back("LOCAL_WORLD_SIZE", std::to_string(host.slots));
    node.env.emplace_back("DTENV_FIRST_RANK", std::to_string(first_rank));
    node.env = node_env(request, host, std::move(node.env));
    first_rank += host.slots;
    node.argv = {"sh", "-c", std::string(ranks_program), "dtenv"};
    node.argv.insert(node.argv.end(), request.command.begin(), request.command.end());
    command.nodes.push_back(std::move(node));
  }
  return command;
}

Result<LaunchCommand> slurm_command(const LaunchRequest& request) {
  LaunchCommand command;
  // Values with commas break --export: they travel in the environment, and ALL of it goes along.
  command.env = with_master(request);
  // Slurm sorts the nodes of -w; MASTER_ADDR has to be where rank 0 is, so the order is ours.
  std::string slots;
  for (const std::string& name : rank_hosts(request)) slots += name + "\n";
  command.env.emplace_back("SLURM_HOSTFILE", request.hostfile);
  command.files.push_back({"", request.hostfile, slots});
  // Their number follows from the file; Slurm 24 refuses to be told it beside that.
  command.argv = {"srun",
                  "-n",
                  std::to_string(total_slots(request)),
                  "--distribution=arbitrary",
                  "--kill-on-bad-exit=1",
                  "--export=ALL"};
  if (request.tagged) command.argv.emplace_back("--label");
  const Argv program = rank_program(request.command,
                                    "RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID "
                                    "WORLD_SIZE=$SLURM_NTASKS");
  command.argv.insert(command.argv.end(), program.begin(), program.end());
  return command;
}

}  // namespace dtenv
