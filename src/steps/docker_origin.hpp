#pragma once

#include <string>
#include <vector>

#include "steps/docker_config.hpp"

namespace dtenv {

/// Where a vendor's packages come from on one machine: the key, and the file that names the
/// repository to apt or dnf.
struct PackageOrigin {
  std::string name;  ///< "docker-ce"
  bool rpm = false;
  std::string key_url;  ///< empty: `key`
  std::string key;
  std::string fingerprint;
  std::string key_path;
  std::string file_path;
  std::string file_text;
  AptSource source;  ///< what the text says, for apt
};

/// docker.com's repository or a mirror of it; CONFIG where it cannot be named for this machine.
Result<PackageOrigin> docker_origin(const DockerConfig::Config& config,
                                    const DockerConfig::Facts& facts);
/// NVIDIA's.
PackageOrigin toolkit_origin(const DockerConfig::Config& config, const DockerConfig::Facts& facts);

/// What belongs to another engine and cannot stand beside docker-ce: those that are installed.
std::vector<std::string> packages_in_the_way(const DockerConfig::Facts& facts);

}  // namespace dtenv
