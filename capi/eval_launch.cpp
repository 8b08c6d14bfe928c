#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/text.hpp"
#include "eval_functions.hpp"
#include "formats/host_name.hpp"
#include "formats/launch_command.hpp"

namespace dtenv::capi {
namespace {

LaunchHost read_host(JsonReader& reader) {
  LaunchHost host;
  host.name = reader.required_string("name");
  host.address = reader.string_or("address", "");
  if (!host.address.empty())
    if (const auto problem = host_name_problem(host.address))
      reader.problem("address", "\"" + visible(host.address) + "\" " + *problem);
  host.slots = static_cast<int>(reader.integer_or("slots", 0, 4096, 1));
  host.port = static_cast<int>(reader.integer_or("port", 1, 65535, host.port));
  host.user = reader.string_or("user", host.user);
  host.interface = reader.string_or("interface", "");
  reader.finish();
  return host;
}

LaunchRequest read_request(JsonReader& arguments) {
  LaunchRequest request;
  request.engine = arguments.required_string("engine");
  request.engine_version = arguments.string_or("engine_version", "");
  if (!arguments.has("hosts")) arguments.problem("hosts", "missing");
  for (JsonReader& reader : arguments.objects("hosts")) request.hosts.push_back(read_host(reader));
  if (!arguments.has("command")) arguments.problem("command", "missing");
  request.command = arguments.strings("command");
  request.env = arguments.string_map("env");
  request.master_port =
      static_cast<int>(arguments.integer_or("master_port", 1, 65535, request.master_port));
  request.ranks = static_cast<int>(arguments.integer_or("ranks", 0, 1 << 20, request.ranks));
  request.per_node = arguments.boolean_or("per_node", false);
  request.hostfile = arguments.string_or("hostfile", request.hostfile);
  request.ssh_config = arguments.string_or("ssh_config", request.ssh_config);
  request.identity_file = arguments.string_or("identity_file", "");
  request.known_hosts_file = arguments.string_or("known_hosts_file", "");
  return request;
}

json::array show(const Argv& argv) {
  json::array array;
  for (const std::string& word : argv) array.emplace_back(json::string(word));
  return array;
}

json::object show(const Environ& env) {
  json::object object;
  for (const auto& [name, value] : env) object[name] = value;
  return object;
}

}  // namespace

Result<json::value> eval_launch_command(JsonReader& arguments) {
  const LaunchRequest request = read_request(arguments);
  DT_TRY(arguments.result("launch.command"));
  DT_TRY_ASSIGN(const LaunchCommand command, launch_command(request));
  json::array files;
  for (const LaunchFile& file : command.files) {
    json::object object;
    if (!file.node.empty()) object["node"] = file.node;
    object["path"] = file.path;
    object["text"] = file.text;
    files.push_back(std::move(object));
  }
  json::object result;
  if (command.nodes.empty()) {
    result["argv"] = show(command.argv);
    result["env"] = show(command.env);
  } else {
    json::array nodes;
    for (const NodeCommand& node : command.nodes) {
      json::object object;
      object["name"] = node.name;
      object["argv"] = show(node.argv);
      object["env"] = show(node.env);
      nodes.push_back(std::move(object));
    }
    result["nodes"] = std::move(nodes);
  }
  result["files"] = std::move(files);
  return json::value(std::move(result));
}

}  // namespace dtenv::capi
