#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "steps/docker_config.hpp"

namespace dtenv {

/// A process named dockerd.
struct DockerDaemon {
  int pid = 0;
  bool holds_socket = false;
  std::string uid;
  std::string program;  ///< where its executable lies
  std::string folder;   ///< its working folder
  Argv argv;
  std::map<std::string, std::string> env;  ///< HOME and XDG_CONFIG_HOME
};

/// What docker_look_program says of daemons, units and files; the rest goes to the facts.
struct DockerLook {
  std::map<std::string, std::string> unit;  ///< properties; several values are lines of one
  std::vector<DockerDaemon> daemons;
  std::vector<std::string> apt_files;
  bool program = false;  ///< a dockerd lies where one is looked for
  bool whole = false;
};

DockerLook read_docker_look(std::string_view text, DockerConfig::Facts& facts);

}  // namespace dtenv
