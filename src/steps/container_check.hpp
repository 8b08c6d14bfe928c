#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

namespace json = boost::json;

/// What of a create body the engine did not take over, by its own inspect: podman drops
/// DeviceRequests, for one. Each entry is "HostConfig.ShmSize: 1 asked for, 2 there".
std::vector<std::string> lost_options(const json::object& body, const json::value& inspected);

/// A string below a JSON value; empty where there is none.
std::string json_text(const json::value& value, std::string_view pointer);

}  // namespace dtenv
