#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// One published port: "80/tcp" of the container at HostIp and HostPort of the machine.
struct PortBinding {
  std::string container;  ///< "80/tcp"
  std::string host_ip;    ///< empty: every address
  std::string host_port;  ///< "80", "8000-8010", or empty: the engine chooses
};

/// docker's `-p`: `[[ip:]hostPort[-end]:]containerPort[-end][/proto]`, IPv6 in brackets.
Result<std::vector<PortBinding>> parse_port_option(std::string_view value);

}  // namespace dtenv
