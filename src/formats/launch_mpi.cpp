// Open MPI and Hydra (MPICH, Intel MPI).
#include "formats/hostfile.hpp"
#include "formats/launch_engines.hpp"
#include "formats/launch_files.hpp"

namespace dtenv {

namespace {

/// Each numbers its ranks in variables of its own; PyTorch and DeepSpeed read RANK and the like.
constexpr std::string_view openmpi_ranks =
    "RANK=$OMPI_COMM_WORLD_RANK LOCAL_RANK=$OMPI_COMM_WORLD_LOCAL_RANK "
    "WORLD_SIZE=$OMPI_COMM_WORLD_SIZE LOCAL_WORLD_SIZE=$OMPI_COMM_WORLD_LOCAL_SIZE";
constexpr std::string_view hydra_ranks =
    "RANK=$PMI_RANK LOCAL_RANK=$MPI_LOCALRANKID WORLD_SIZE=$PMI_SIZE "
    "LOCAL_WORLD_SIZE=$MPI_LOCALNRANKS";

void append(Argv& argv, const Argv& words) {
  argv.insert(argv.end(), words.begin(), words.end());
}

std::string ssh_arguments(const LaunchRequest& request) {
  const std::string own = request.ssh_config.empty() ? "" : "-F " + request.ssh_config + " ";
  return own + "-o BatchMode=yes -o ConnectTimeout=10";
}

/// Which interfaces: the nodes' own network, or at least never loopback and Docker's bridge. PRRTE,
/// which begins the ranks of version 5, ends in a SIGSEGV now and then where a list names two
/// interfaces (openpmix/prrte#2553, Open MPI 5.0.11); loopback it leaves out by itself.
void add_interfaces(const LaunchRequest& request, bool version5, Argv& argv) {
  const auto network = common_network(request);
  const std::string mode = network ? "if_include" : "if_exclude";
  const std::string value = network ? *network : "127.0.0.1/8,docker0";
  if (version5)
    append(argv, {"--prtemca", "prte_" + mode, network ? *network : "docker0"});
  else
    append(argv, {"--mca", "oob_tcp_" + mode, value});
  append(argv, {"--mca", "btl_tcp_" + mode, value});
}

}  // namespace

Result<LaunchCommand> openmpi_command(const LaunchRequest& request) {
  const bool version5 = at_least(request.engine_version, 5, 0);
  const int ranks = request.ranks > 0 ? request.ranks : total_slots(request);
  if (ranks > total_slots(request))
    return Error(Status::config, "launch: " + std::to_string(ranks) + " ranks on " +
                                     std::to_string(total_slots(request)) + " slots");
  LaunchCommand command;
  command.env = with_master(request);
  Argv& argv = command.argv;
  argv = {"mpirun", "--allow-run-as-root", "--hostfile", request.hostfile,
          "-np",    std::to_string(ranks)};
  const auto each = equal_slots(request);
  const bool full = ranks == total_slots(request);
  append(argv, {"--map-by", each && full ? "ppr:" + std::to_string(*each) + ":node" : "slot",
                "--bind-to", "none"});
  if (version5) {
    append(argv, {"--prtemca", "plm_ssh_args", ssh_arguments(request), "--prtemca",
                  "plm_ssh_no_tree_spawn", "1", "--prtemca", "prte_keep_fqdn_hostnames", "1"});
  } else {
    append(argv, {"--mca", "plm_rsh_agent", "ssh", "--mca", "plm_rsh_args", ssh_arguments(request),
                  "--mca", "plm_rsh_no_tree_spawn", "1", "--mca", "orte_keep_fqdn_hostnames", "1"});
  }
  add_interfaces(request, version5, argv);
  append(argv, {"--mca", "pml", "ob1"});
  if (!version5) append(argv, {"--mca", "btl", "^openib"});
  append(argv, {"-x", "PATH"});
  for (const auto& [name, value] : command.env)
    if (name != "PATH") append(argv, {"-x", name});
  if (request.tagged && version5)
    append(argv, {"--output", "tag"});
  else if (request.tagged)
    append(argv, {"--tag-output"});
  append(argv, rank_program(request.command, openmpi_ranks));
  DT_TRY_ASSIGN(command.files, launch_files(request, HostfileDialect::openmpi));
  return command;
}

Result<LaunchCommand> hydra_command(const LaunchRequest& request) {
  // Intel's releases are named by the year.
  const bool intel = !request.engine_version.empty() && at_least(request.engine_version, 2017, 0);
  LaunchCommand command;
  // Values in the environment are nobody's to read in ps, and -genvall carries them.
  command.env = with_master(request);
  if (!request.ssh_config.empty()) {
    const std::string name =
        intel ? "I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS" : "HYDRA_LAUNCHER_EXTRA_ARGS";
    command.env.emplace_back(name, "-F " + request.ssh_config);
  }
  Argv& argv = command.argv;
  // Of a file given by -f Intel MPI takes the names, and the counts from its own machine.
  argv = {"mpiexec.hydra", intel ? "-machinefile" : "-f", request.hostfile};
  if (const auto each = equal_slots(request)) append(argv, {"-ppn", std::to_string(*each)});
  // The control port otherwise goes to the launch host's name, which a container's peers cannot
  // resolve.
  append(argv, {"-n", std::to_string(total_slots(request)), "-localhost", master_address(request),
                intel ? "-bootstrap" : "-launcher", "ssh"});
  if (request.tagged) append(argv, {"-prepend-rank"});
  append(argv, {"-genvall"});
  append(argv, rank_program(request.command, hydra_ranks));
  DT_TRY_ASSIGN(command.files,
                launch_files(request, intel ? HostfileDialect::intelmpi : HostfileDialect::hydra));
  return command;
}

}  // namespace dtenv
