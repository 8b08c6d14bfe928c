#pragma once

#include <string>

#include "steps/docker_config.hpp"

namespace dtenv {

/// What of daemon.json's old state is written beside it, and the new file itself. `activation`
/// other than "none" leaves the mark that something is still to come into force.
Task<Result<void>> write_daemon_json(Target& target, const DockerConfig::Facts& facts,
                                     const std::string& bytes, const std::string& activation);

/// The old file again, unless somebody has changed ours meanwhile: PLAN_STALE then.
Task<Result<void>> restore_daemon_json(Target& target, const DockerConfig::Facts& facts,
                                       const std::string& bytes);

/// Asks `dockerd --validate` with the words the daemon runs with; CONFIG where it refuses. Engines
/// before 23 cannot be asked, nor one that is no program of this machine: ok then.
Task<Result<void>> validate_daemon_json(Target& target, const DockerConfig::Facts& facts,
                                        const std::string& bytes);

/// Says that all is in force.
Task<Result<void>> remove_pending(Target& target, const std::string& config_file);

}  // namespace dtenv
