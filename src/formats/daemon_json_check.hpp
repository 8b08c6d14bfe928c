#pragma once

#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json_tree.hpp"
#include "formats/daemon_json_keys.hpp"

namespace dtenv {

/// Every value of daemon.json that dockerd would not start with, in its own words, with pointer,
/// line and column: wrong types, mirrors, runtimes, labels, exec-opts, ranges, members of options.
/// Unknown keys are not among them (unknown_daemon_keys), for a daemon may run for months beside
/// one.
std::vector<Problem> check_daemon_json(const JsonNode& root, std::string_view text,
                                       const EngineRelease& engine);

/// "/runtimes/x/args: the daemon passes \"args\" over (line 3)": members it does not know and does
/// not mind.
std::vector<std::string> ignored_daemon_members(const JsonNode& root, std::string_view text,
                                                const EngineRelease& engine);

}  // namespace dtenv
