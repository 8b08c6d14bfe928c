#pragma once

#include <string>
#include <vector>

#include "steps/docker_origin.hpp"

namespace dtenv {

/// What to install on one machine, and from where.
struct PackageOrder {
  std::vector<std::string> packages;
  std::vector<std::string> in_the_way;    ///< installed ones that leave in the same transaction
  const PackageOrigin* origin = nullptr;  ///< nullptr: the distribution, or a folder
  std::string folder;                     ///< empty: the network
  std::string reason;
  std::string then;  ///< "engine": it has to run then; "toolkit": nvidia-ctk has to answer
};

/// The changes for it: key, source and packages, or packages from the folder. STATE where apt would
/// refuse the source, NOT_FOUND where the folder lacks a package.
Result<void> plan_packages(const PackageOrder& order, const Node& node,
                           const DockerConfig::Facts& facts, Plan& plan);

}  // namespace dtenv
