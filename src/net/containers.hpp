#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <vector>

#include "net/docker.hpp"

namespace dtenv {

/// One row of `docker ps -a`.
struct ContainerRow {
  std::string id;
  std::string name;  ///< without the leading slash
  std::string image;
  std::string state;  ///< "running", "exited", …
  std::map<std::string, std::string> labels;
};

/// `labels`: "key" or "key=value", all of which a row must carry; empty: every container.
Task<Result<std::vector<ContainerRow>>> list_containers(Docker& docker,
                                                        std::vector<std::string> labels);
/// POST /containers/create: its id, and what the engine warns of.
struct CreatedContainer {
  std::string id;
  std::vector<std::string> warnings;
};
Task<Result<CreatedContainer>> create_container(Docker& docker, std::string name,
                                                json::object body);
/// Nothing happens to one that runs.
Task<Result<void>> start_container(Docker& docker, std::string name);
/// TERM, and KILL after `grace`; nothing happens to one that is stopped.
Task<Result<void>> stop_container(Docker& docker, std::string name, Duration grace);
/// With its volumes that have no name; stops it first. One that is gone already is fine.
Task<Result<void>> remove_container(Docker& docker, std::string name);

}  // namespace dtenv
