#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/container_spec.hpp"

namespace dtenv {

/// What the options of one command line have come to so far.
struct DockerRunState {
  std::string name;
  ContainerSpec spec;
  bool detach = false;
  std::vector<std::string> warnings;
};

/// One option of docker run and create.
struct DockerRunOption {
  std::string_view name;
  char letter = 0;          ///< 0: it has no short form
  bool takes_value = true;  ///< false: a switch, which may be written --init=false
  Result<void> (*apply)(const std::string& value, DockerRunState& state) = nullptr;
};

/// All of them, of all topics.
const std::vector<DockerRunOption>& docker_run_options();

// The topics, one source each.
std::vector<DockerRunOption> docker_run_basic_options();
std::vector<DockerRunOption> docker_run_network_options();
std::vector<DockerRunOption> docker_run_storage_options();
std::vector<DockerRunOption> docker_run_limit_options();

// Pieces that documents share with the command line.
Result<UlimitSpec> parse_ulimit(std::string_view value);       ///< "memlock=-1", "nofile=1024:2048"
Result<DeviceSpec> parse_device(std::string_view value);       ///< "/dev/x[:/dev/y[:rwm]]"
Result<std::string> parse_extra_host(std::string_view value);  ///< "name:address"
Result<std::int64_t> parse_cpus(std::string_view value);       ///< "1.5" → 1500000000
bool is_cdi_name(std::string_view device);                     ///< "nvidia.com/gpu=0"
Result<void> check_env(std::string_view entry);                ///< "NAME=value"
Result<void> check_container_name(std::string_view name);
Result<void> check_restart(std::string_view policy, std::string& name, int& retries);

}  // namespace dtenv
