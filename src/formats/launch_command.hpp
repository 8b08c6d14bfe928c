#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/text.hpp"

namespace dtenv {

/// One machine of a launch.
struct LaunchHost {
  std::string name;     ///< its alias in ~/.ssh/config and in the hostfile
  std::string address;  ///< what engines that need an address are given; empty: the name
  int slots = 1;
  int port = 22;
  std::string user = "root";
  std::string interface;  ///< of the network between the nodes, as it is called there; empty: open
};

/// Something to run over all of them.
struct LaunchRequest {
  std::string engine;          ///< openmpi deepspeed hydra torchrun slurm direct script
  std::string engine_version;  ///< "4.1.4"; empty: the newest form known
  std::vector<LaunchHost> hosts;
  Argv command;
  Environ env;
  int master_port = 29500;
  int ranks = 0;  ///< openmpi: 0: all slots
  /// The engine marks every line with its rank, for people to read; dtenv's keeper does it better.
  bool tagged = true;
  std::string python = "python3";  ///< what runs the launchers that are Python modules
  /// deepspeed: its launcher of one node on each node, past pdsh and its shells; else its command.
  bool per_node = false;
  std::string hostfile = "/var/lib/dtenv/job/hostfile";
  /// The ssh config the engine dials with; empty: the user's own ~/.ssh/config.
  std::string ssh_config = "/var/lib/dtenv/job/ssh_config";
  std::string identity_file;     ///< named in ssh_config; empty: the user's own keys
  std::string known_hosts_file;  ///< pinned host keys, named in ssh_config; empty: the user's own
};

struct LaunchFile {
  std::string node;  ///< the node whose file it is; empty: where the engine is begun
  std::string path;
  std::string text;
};

struct NodeCommand {
  std::string name;
  Argv argv;
  Environ env;
};

/// The exact words, variables and files. `nodes` is filled for engines that are begun on each node
/// (torchrun, direct, deepspeed per node), `argv` and `env` for those that are begun once. Whatever
/// an engine hands to a shell on its way is quoted for it: the command and the variables come to
/// the ranks byte for byte.
struct LaunchCommand {
  Argv argv;
  Environ env;
  std::vector<LaunchFile> files;
  std::vector<NodeCommand> nodes;
};

/// The user's own engine does the work: this says how it is called in that version. CONFIG where it
/// cannot do what is asked, with what can.
Result<LaunchCommand> launch_command(const LaunchRequest& request);

/// Which host has which rank, in the order of the slots.
std::vector<std::string> rank_hosts(const LaunchRequest& request);

}  // namespace dtenv
