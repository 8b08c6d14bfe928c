#pragma once

#include <string>

#include "net/docker_engine.hpp"

namespace dtenv {

Task<Result<ExecState>> exec_state_of(EnginePtr engine, std::string id);

/// Docker::end_marked.
Task<Result<void>> end_marked_in(EnginePtr engine, std::string container, std::string marker,
                                 std::string user, Duration grace);

/// Ends what an abandoned exec may still run; returns when it is done, after 2 s at the latest, and
/// goes on in the background then. A cancelled caller resets its cancellation first.
Task<void> end_exec(EnginePtr engine, std::string container, std::string id, std::string marker,
                    std::string user);

}  // namespace dtenv
