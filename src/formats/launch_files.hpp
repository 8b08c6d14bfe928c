#pragma once

#include <vector>

#include "formats/hostfile.hpp"
#include "formats/launch_command.hpp"

namespace dtenv {

/// The hostfile in the engine's dialect, and the ssh config that carries each host's own port, user
/// and address: no engine has a way of its own that works for all of them.
Result<std::vector<LaunchFile>> launch_files(const LaunchRequest& request, HostfileDialect dialect);

/// Each node's /etc/nccl.conf with the interface it has: names differ from node to node, NCCL's
/// variable takes no network, and no engine gives a variable of its own to each node.
void add_nccl_files(const LaunchRequest& request, std::vector<LaunchFile>& files);

}  // namespace dtenv
