#pragma once

#include <string>
#include <vector>

#include "formats/daemon_json_edit.hpp"
#include "formats/daemon_json_keys.hpp"

namespace dtenv {

/// Something in a value of daemon.json, at its place.
struct DaemonFault {
  const JsonNode* at;
  JsonPath path;
  std::string problem;
  std::string hint = {};
};

/// Where a value is not of the option's type: what Go's decoder would refuse. null is of every
/// type.
std::vector<DaemonFault> type_faults(DaemonKeyType type, const JsonNode& value, JsonPath path);

}  // namespace dtenv
