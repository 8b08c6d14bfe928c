#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/container_host.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// The training container of one machine as its engine tells it. What is missing (no engine yet, no
/// container yet) is a fact, not an error.
struct TrainingContainer {
  std::string name;
  std::string id;  ///< empty: there is none
  bool running = false;
  std::string image_id;
  Environ env;  ///< what `docker exec` gives a process in it
  Docker* docker = nullptr;

  bool exists() const { return !id.empty(); }
};

/// `configured`: the step's own `container`, else what container_run published. CONFIG where
/// neither names one.
Task<Result<TrainingContainer>> find_training_container(Target& target, std::string configured);

/// Its inside, for apply(): STATE where it does not run.
Task<Result<ContainerHost>> enter_training_container(Target& target, std::string configured);

}  // namespace dtenv
