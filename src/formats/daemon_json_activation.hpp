#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/daemon_json_edit.hpp"
#include "formats/daemon_json_keys.hpp"

namespace dtenv {

/// What a changed daemon.json takes to come into force.
enum class Activation { none, reload, restart, refuse };
std::string_view activation_name(Activation activation);

/// The daemon and its machine, as far as the answer depends on them.
struct DaemonState {
  EngineRelease engine;
  std::vector<std::string> unit_flags;  ///< dockerd's words, with or without the program
  int running_containers = 0;
  bool swarm = false;
  std::optional<bool> live_restore = {};  ///< what it runs with; nullopt: what the old file says
};

struct ActivationPlan {
  Activation activation = Activation::none;
  std::vector<std::string> changes;  ///< "debug: absent → true", one for each changed key
  std::vector<std::string> reasons;  ///< one for each changed key and each refusal
  bool containers_survive = true;    ///< those that run now, through all of it
  bool reload_first = false;         ///< live-restore by SIGHUP, so that the restart spares them
};

/// Compares what the daemon runs with and what it would. A file that the daemon would die of, at
/// the reload or at its next start, is refused or restarted with: reference tables of the engine's
/// behaviour, not opinion.
ActivationPlan plan_activation(const JsonText& before, const JsonText& after,
                               const DaemonState& state);

/// Why a daemon of this engine would die of SIGHUP with this file; empty: it would not.
std::string reload_killer(const JsonText& file, const EngineRelease& engine);

}  // namespace dtenv
