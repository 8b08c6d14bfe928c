// DeepSpeed, torchrun, Slurm, and ranks begun by ourselves.
#include "formats/hostfile.hpp"
#include "formats/launch_engines.hpp"
#include "formats/launch_files.hpp"

namespace dtenv {

namespace {

/// DeepSpeed exports values to a remote shell without quotes: only what no shell would change
/// passes.
bool survives_a_shell(std::string_view value) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%+,-./:=@_";
  return !value.empty() && value.find_first_not_of(plain) == std::string_view::npos;
}

bool has(const Environ& env, std::string_view name) {
  for (const auto& item : env)
    if (item.first == name) return true;
  return false;
}

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

}  // namespace

Result<LaunchCommand> deepspeed_command(const LaunchRequest& request) {
  const std::string& version = request.engine_version;
  const bool forces_multi = at_least(version, 0, 3, 16);
  if (!forces_multi && request.hosts.size() == 1)
    return Error(Status::config,
                 "launch: DeepSpeed " + version +
                     " has no --force_multi: a single host would be the wrong machine",
                 {{"", 0, 0, "one host", "use engine direct, or DeepSpeed 0.3.16 and later"}});
  LaunchCommand command;
  if (!request.ssh_config.empty())
    command.env.emplace_back("PDSH_SSH_ARGS", "-F " + request.ssh_config + " -2 -a -x -l%u %h");
  command.env.emplace_back("PDSH_RCMD_TYPE", "ssh");
  std::string exported;
  for (const auto& [name, value] : request.env) {
    if (!survives_a_shell(value))
      return Error(Status::config,
                   "launch: DeepSpeed hands " + name +
                       " to a shell without quotes and would change its value",
                   {{"/env/" + name, 0, 0, "not plain",
                     "use engine torchrun or direct, or set it in the start script"}});
    exported += name + "=" + value + "\n";
  }
  Argv& argv = command.argv;
  argv = {"deepspeed", "--hostfile", request.hostfile};
  if (forces_multi) argv.emplace_back("--force_multi");
  if (at_least(version, 0, 6, 5)) argv.emplace_back("--no_ssh_check");
  argv.insert(argv.end(), {"--master_addr", master_address(request), "--master_port",
                           std::to_string(request.master_port), "--launcher", "pdsh"});
  const PythonCommand script = python_command(request.command);
  if (!script.is_python) argv.emplace_back("--no_python");
  argv.insert(argv.end(), script.words.begin(), script.words.end());
  DT_TRY_ASSIGN(command.files, launch_files(request, HostfileDialect::deepspeed));
  if (!exported.empty()) {
    const std::string path = request.hostfile + ".env";
    command.env.emplace_back("DS_ENV_FILE", path);
    command.files.push_back({path, exported});
  }
  return command;
}

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
    node.env = request.env;
    if (!has(node.env, "OMP_NUM_THREADS")) node.env.emplace_back("OMP_NUM_THREADS", "1");
    if (at_least(version, 1, 10))
      node.argv = {"torchrun"};
    else if (at_least(version, 1, 9))
      node.argv = {"python", "-m", "torch.distributed.run"};
    else
      node.argv = {"python", "-m", "torch.distributed.launch", "--use_env"};
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
    if (!script.is_python) node.argv.push_back(dashes ? "--no-python" : "--no_python");
    node.argv.insert(node.argv.end(), script.words.begin(), script.words.end());
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
    if (!has(node.env, "OMP_NUM_THREADS")) node.env.emplace_back("OMP_NUM_THREADS", "1");
    first_rank += host.slots;
    node.argv = {"sh", "-c", std::string(ranks_program), "dtenv"};
    node.argv.insert(node.argv.end(), request.command.begin(), request.command.end());
    command.nodes.push_back(std::move(node));
  }
  return command;
}

Result<LaunchCommand> slurm_command(const LaunchRequest& request) {
  LaunchCommand command;
  std::vector<std::string> names;
  for (const LaunchHost& host : request.hosts) names.push_back(host.name);
  // Values with commas break --export: they travel in the environment, and ALL of it goes along.
  command.env = with_master(request);
  Argv& argv = command.argv;
  argv = {"srun", "-N", std::to_string(names.size())};
  if (const auto each = equal_slots(request)) {
    argv.insert(argv.end(), {"--ntasks-per-node=" + std::to_string(*each), "-w", join(names, ",")});
  } else {
    std::string slots;
    for (const std::string& name : rank_hosts(request)) slots += name + "\n";
    command.env.emplace_back("SLURM_HOSTFILE", request.hostfile);
    command.files.push_back({request.hostfile, slots});
    argv.insert(argv.end(),
                {"-n", std::to_string(total_slots(request)), "--distribution=arbitrary"});
  }
  argv.insert(argv.end(), {"--kill-on-bad-exit=1", "--export=ALL"});
  argv.insert(argv.end(), request.command.begin(), request.command.end());
  return command;
}

}  // namespace dtenv
