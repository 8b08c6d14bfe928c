#pragma once

#include "formats/daemon_json_types.hpp"

namespace dtenv {

struct DaemonMembers {
  std::vector<DaemonFault> faults;   ///< what the daemon does not start with
  std::vector<DaemonFault> ignored;  ///< names that it passes over in silence
};

/// The members of options that are objects: builder, runtimes.*, default-ulimits.*,
/// default-address-pools, default-network-opts.*, nri-opts, and log-opts by the log-driver beside
/// it. Go finds a member's name in any case of letters.
DaemonMembers check_daemon_members(const JsonNode& root, const EngineRelease& engine);

}  // namespace dtenv
