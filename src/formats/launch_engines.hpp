#pragma once

#include <optional>
#include <string>

#include "formats/launch_command.hpp"

namespace dtenv {

// What the engines of launch_command() share; one function an engine, in launch_*.cpp.

Result<LaunchCommand> openmpi_command(const LaunchRequest& request);
Result<LaunchCommand> hydra_command(const LaunchRequest& request);
Result<LaunchCommand> deepspeed_command(const LaunchRequest& request);
Result<LaunchCommand> torchrun_command(const LaunchRequest& request);
Result<LaunchCommand> direct_command(const LaunchRequest& request);
Result<LaunchCommand> slurm_command(const LaunchRequest& request);

int total_slots(const LaunchRequest& request);
/// The slots of every host where they are all alike.
std::optional<int> equal_slots(const LaunchRequest& request);
std::string master_address(const LaunchRequest& request);
/// request.env with MASTER_ADDR and MASTER_PORT where the user gave none.
Environ with_master(const LaunchRequest& request);
/// "0.6.5" is at least {0, 6, 4}; an empty version is the newest.
bool at_least(const std::string& version, int major, int minor, int patch = 0);
/// The command without a leading python (and -u): a script and its arguments, or a module's name
/// and its. A command that is neither, or gives Python other options, is no Python to an engine.
struct PythonCommand {
  Argv words;
  bool is_python = false;
  bool is_module = false;
};
PythonCommand python_command(const Argv& command);

/// The variables of a node's own ranks: the request's, the interface between the nodes, and one
/// OpenMP thread where the user gave no number.
Environ node_env(const LaunchRequest& request, const LaunchHost& host, Environ env);

/// mpirun, Hydra and srun begin another program at a word ":". Where the command has one, a program
/// that hides it from them and gives it back; else nothing. `variables` is what it exports first.
Argv rank_program(const Argv& command, std::string_view variables);

/// The smallest network that holds every host's IPv4 address, no narrower than /24; nullopt where
/// there is none or it is wider than /16 and so could hold a bridge of Docker's.
std::optional<std::string> common_network(const LaunchRequest& request);

}  // namespace dtenv
