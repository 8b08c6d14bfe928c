#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace dtenv {

/// Says that a written daemon.json still waits for its reload or restart.
std::string pending_file(const std::string& config_file);
/// The file as it was before the last change of ours.
std::string backup_file(const std::string& config_file);

/// "web (image nginx:1, Up 3 days)" of one entry of GET /containers/json.
std::string container_line(const boost::json::value& entry);

}  // namespace dtenv
