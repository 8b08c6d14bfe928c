#include "steps/container_check.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"

namespace dtenv {

namespace {

/// Whether all of `asked` is in `there`: objects by key, arrays entry by entry; numbers by value.
bool holds(const json::value& asked, const json::value& there) {
  if (asked.is_null()) return true;
  if (asked.is_object()) {
    if (!there.is_object()) return asked.as_object().empty();
    return std::all_of(asked.as_object().begin(), asked.as_object().end(), [&](const auto& member) {
      const json::value* other = there.as_object().if_contains(member.key());
      return other ? holds(member.value(), *other)
                   : member.value().is_object() && member.value().as_object().empty();
    });
  }
  if (asked.is_array()) {
    if (!there.is_array()) return asked.as_array().empty();
    return std::all_of(asked.as_array().begin(), asked.as_array().end(), [&](const auto& item) {
      return std::any_of(there.as_array().begin(), there.as_array().end(),
                         [&](const auto& other) { return holds(item, other); });
    });
  }
  if (asked.is_number() && there.is_number())
    return asked.to_number<double>() == there.to_number<double>();
  return asked == there;
}

void compare(const json::object& body, const json::value& inspected, std::string_view section,
             std::initializer_list<const char*> keys, std::vector<std::string>& lost) {
  for (const char* key : keys) {
    const json::value* asked = body.if_contains(key);
    if (!asked) continue;
    const std::string pointer = "/" + std::string(section) + "/" + key;
    boost::system::error_code absent;
    const json::value* there = inspected.find_pointer(pointer, absent);
    if (there && holds(*asked, *there)) continue;
    lost.push_back(std::string(section) + "." + key + ": " + visible(json::serialize(*asked), 120) +
                   " asked for, " +
                   (there ? visible(json::serialize(*there), 120) : std::string("nothing")) +
                   " there");
  }
}

}  // namespace

std::string json_text(const json::value& value, std::string_view pointer) {
  boost::system::error_code absent;
  const json::value* found = value.find_pointer(pointer, absent);
  return found && found->is_string() ? std::string(found->as_string()) : "";
}

std::vector<std::string> lost_options(const json::object& body, const json::value& inspected) {
  std::vector<std::string> lost;
  compare(body, inspected, "Config",
          {"Env", "Hostname", "User", "WorkingDir", "Labels", "Cmd", "Entrypoint"}, lost);
  const json::value* host = body.if_contains("HostConfig");
  if (host && host->is_object())
    compare(host->as_object(), inspected, "HostConfig",
            {"Binds", "IpcMode", "PidMode", "ShmSize", "DeviceRequests", "Devices", "Ulimits",
             "Privileged", "ExtraHosts", "Memory", "NanoCpus", "Runtime", "PortBindings", "Init",
             "RestartPolicy"},
            lost);
  return lost;
}

}  // namespace dtenv
