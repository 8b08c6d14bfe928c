#include <boost/json/array.hpp>

#include "base/text.hpp"
#include "eval_functions.hpp"
#include "formats/daemon_json_merge.hpp"
#include "formats/docker_run.hpp"
#include "formats/dockerignore.hpp"

namespace dtenv::capi {
namespace {

using Action = DaemonJsonAction;

json::array strings(const std::vector<std::string>& words) {
  json::array array;
  for (const std::string& word : words) array.emplace_back(json::string(to_utf8(word)));
  return array;
}

Action::Op read_op(JsonReader& action) {
  const std::string op = action.required_string("op");
  const std::vector<std::pair<std::string, Action::Op>> known = {
      {"add_runtime", Action::Op::add_runtime},
      {"remove_runtime", Action::Op::remove_runtime},
      {"set_default_runtime", Action::Op::set_default_runtime},
      {"add_mirrors", Action::Op::add_mirrors},
      {"set_mirrors", Action::Op::set_mirrors},
      {"enable_cdi", Action::Op::enable_cdi},
      {"set", Action::Op::set}};
  std::vector<std::string> names;
  for (const auto& [name, value] : known) {
    if (name == op) return value;
    names.push_back(name);
  }
  const auto near = nearest(op, names);
  action.problem("op", "\"" + visible(op) + "\" is none of " + join(names, ", "),
                 near ? "did you mean \"" + *near + "\"?" : "");
  return Action::Op::enable_cdi;
}

Action read_action(JsonReader& reader) {
  Action action;
  action.op = read_op(reader);
  switch (action.op) {
    case Action::Op::add_runtime:
      action.name = reader.required_string("name");
      action.path = reader.required_string("path");
      action.args = reader.strings("args");
      break;
    case Action::Op::remove_runtime:
    case Action::Op::set_default_runtime:
      action.name = reader.required_string("name");
      break;
    case Action::Op::add_mirrors:
    case Action::Op::set_mirrors:
      if (!reader.has("urls")) reader.problem("urls", "missing");
      action.urls = reader.strings("urls");
      break;
    case Action::Op::enable_cdi:
    case Action::Op::add_texts:  // not one of the names above
      break;
    case Action::Op::set: {
      const auto path = parse_json_pointer(reader.required_string("pointer"));
      if (path)
        action.pointer = *path;
      else
        reader.problem("pointer", path.error().message);
      const JsonNode* value = reader.value("value");
      if (value)
        action.json = reader.text().substr(value->begin, value->end - value->begin);
      else
        reader.problem("value", "missing");
    }
  }
  reader.finish();
  return action;
}

/// A number, or the containers themselves.
int read_running(JsonReader& arguments) {
  const JsonNode* value = arguments.value("running_containers");
  if (!value || value->is(JsonNode::Kind::null)) return 0;
  if (value->is(JsonNode::Kind::array)) return static_cast<int>(value->items.size());
  return static_cast<int>(arguments.integer_or("running_containers", 0, 1'000'000, 0));
}

DaemonJsonRequest read_request(JsonReader& arguments) {
  DaemonJsonRequest request;
  const JsonNode* text = arguments.value("text");
  if (text && !text->is(JsonNode::Kind::null)) request.text = arguments.string("text");
  const std::string version = arguments.string_or("engine_version", "");
  request.state.engine = parse_engine_release(version);
  if (!version.empty() && !request.state.engine.known)
    arguments.problem("engine_version", "\"" + visible(version) + "\" is not a version (24.0.7)");
  for (JsonReader& action : arguments.objects("actions"))
    request.actions.push_back(read_action(action));
  request.state.unit_flags = arguments.strings("unit_flags");
  request.state.running_containers = read_running(arguments);
  request.state.swarm = arguments.boolean_or("swarm", false);
  return request;
}

}  // namespace

Result<json::value> eval_daemon_json_merge(JsonReader& arguments) {
  const DaemonJsonRequest request = read_request(arguments);
  DT_TRY(arguments.result("daemon_json.merge"));
  DT_TRY_ASSIGN(const DaemonJsonMerge merge, merge_daemon_json(request));
  json::object out;
  out["text"] = to_utf8(merge.text);
  out["changed"] = merge.changed;
  out["activation"] = activation_name(merge.plan.activation);
  out["reasons"] = strings(merge.plan.reasons);
  out["containers_survive"] = merge.plan.containers_survive;
  return json::value(std::move(out));
}

Result<json::value> eval_dockerignore_match(JsonReader& arguments) {
  const auto patterns = arguments.strings("patterns");
  const auto paths = arguments.strings("paths");
  DT_TRY(arguments.result("dockerignore.match"));
  DT_TRY_ASSIGN(const Dockerignore ignore, Dockerignore::from_lines(patterns));
  json::array excluded;
  for (const std::string& path : paths) {
    DT_TRY_ASSIGN(const bool one, ignore.excludes(path));
    excluded.push_back(json::value(one));
  }
  json::object out;
  out["excluded"] = std::move(excluded);
  return json::value(std::move(out));
}

Result<json::value> eval_docker_run_parse(JsonReader& arguments) {
  const std::string command = arguments.required_string("command");
  DT_TRY(arguments.result("docker_run.parse"));
  DT_TRY_ASSIGN(const DockerRun run, parse_docker_run(command));
  json::object out;
  out["name"] = run.name;
  out["create"] = container_create_body(run.spec);
  out["warnings"] = strings(run.warnings);
  return json::value(std::move(out));
}

Result<json::value> eval_gpus_parse(JsonReader& arguments) {
  const std::string value = arguments.required_string("value");
  DT_TRY(arguments.result("gpus.parse"));
  DT_TRY_ASSIGN(const GpuRequest gpus, parse_gpus(value));
  return json::value(device_request(gpus));
}

Result<json::value> eval_size_parse(JsonReader& arguments) {
  if (!arguments.has("value")) arguments.problem("value", "missing", "add \"value\": \"16gb\"");
  const auto bytes = arguments.size("value");
  DT_TRY(arguments.result("size.parse"));
  json::object out;
  out["bytes"] = bytes.value_or(0);
  return json::value(std::move(out));
}

Result<json::value> eval_port_parse(JsonReader& arguments) {
  const std::string value = arguments.required_string("value");
  DT_TRY(arguments.result("port.parse"));
  ContainerSpec spec;
  DT_TRY_ASSIGN(spec.ports, parse_port_option(value));
  const json::object body = container_create_body(spec);
  json::object out;
  out["exposed"] = body.at("ExposedPorts");
  out["bindings"] = body.at("HostConfig").at("PortBindings");
  return json::value(std::move(out));
}

}  // namespace dtenv::capi
