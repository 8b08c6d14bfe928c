#pragma once

#include <vector>

#include "formats/hostfile.hpp"
#include "formats/launch_command.hpp"

namespace dtenv {

/// The hostfile in the engine's dialect, and the ssh config that carries each host's own port, user
/// and address: no engine has a way of its own that works for all of them.
Result<std::vector<LaunchFile>> launch_files(const LaunchRequest& request, HostfileDialect dialect);

}  // namespace dtenv
