#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/container_spec.hpp"

namespace dtenv {

/// What a `docker run` line asks for.
struct DockerRun {
  std::string name;  ///< empty: the engine chooses
  ContainerSpec spec;
  std::vector<std::string> warnings;
};

/// A line as people paste it: `docker run …`, `docker create …`, `nvidia-docker run …`, `sudo` and
/// `NV_GPU=0,1` before it. Nothing is expanded; an unknown option is CONFIG with the nearest name.
Result<DockerRun> parse_docker_run(std::string_view command);

}  // namespace dtenv
