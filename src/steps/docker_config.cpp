#include "steps/docker_config.hpp"

#include <boost/json.hpp>

#include "steps/docker_changes.hpp"
#include "steps/docker_files.hpp"

namespace dtenv {

std::string pending_file(const std::string& config_file) {
  return config_file + ".dtenv.pending";
}

std::string backup_file(const std::string& config_file) {
  return config_file + ".dtenv.bak";
}

std::string container_line(const json::value& entry) {
  const auto text = [&](std::string_view pointer) {
    boost::system::error_code absent;
    const json::value* found = entry.find_pointer(pointer, absent);
    return found && found->is_string() ? std::string(found->as_string()) : std::string("?");
  };
  std::string name = text("/Names/0");
  if (starts_with(name, "/")) name.erase(0, 1);
  return name + " (image " + text("/Image") + ", " + text("/Status") + ")";
}

namespace {

/// An engine of another origin than wanted works: it is told, and left as it is.
void note_packages(const DockerConfig::Config& config, const Node& node,
                   const DockerConfig::Facts& facts, Plan& plan) {
  const auto other = facts.packages.find("docker.io");
  if (!facts.engine || config.source != DockerConfig::Source::docker_ce ||
      other == facts.packages.end() || facts.packages.count("docker-ce") > 0)
    return;
  plan.notes.push_back({node.name, Severity::info,
                        "the engine of docker.io " + other->second +
                            " works and stays: docker-ce does not replace it"});
}

}  // namespace

Result<Plan> DockerConfig::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& machine : cluster.machines) {
    Plan own;
    Result<void> planned;
    if (!machine.facts.engine) planned = plan_install(config, *machine.node, machine.facts, own);
    if (planned) planned = plan_toolkit(config, *machine.node, machine.facts, own);
    if (planned) plan_toolkit_settings(config, *machine.node, machine.facts, own);
    if (planned)
      planned = plan_daemon_json(with_toolkit_runtime(config, machine.facts), *machine.node,
                                 machine.facts, own);
    if (!planned) {
      plan.failures[machine.node->name] = planned.error();
      continue;
    }
    for (Change& change : own.changes) plan.changes.push_back(std::move(change));
    for (Note& note : own.notes) plan.notes.push_back(std::move(note));
    note_packages(config, *machine.node, machine.facts, plan);
    for (const std::string& url : config.mirrors)
      if (starts_with(lower(url), "http://"))
        plan.notes.push_back({machine.node->name, Severity::deviation,
                              "mirror " + url +
                                  " is plain http: whoever sits on the way can "
                                  "change what is pulled by tag"});
  }
  return plan;
}

Task<Result<void>> DockerConfig::apply(const Config& config, const Change& change, Target& target) {
  boost::system::error_code broken;
  const json::value value = json::parse(change.payload, broken);
  if (broken || !value.is_object())
    co_return Error(Status::internal, change.resource + ": a change without its payload");
  const json::object& payload = value.as_object();
  const std::string op = payload_text(payload, "op");
  if (op == "key") co_return co_await apply_key(target, payload);
  if (op == "source") co_return co_await apply_source(target, payload);
  if (op == "packages") co_return co_await apply_packages(config, target, payload);
  const std::string unit = payload_text(payload, "unit");
  if (op == "command") co_return co_await apply_command(target, payload);
  if (op == "start") co_return co_await apply_start(target, unit);
  if (op == "daemon_json") co_return co_await apply_daemon_json(config, target, payload);
  co_return co_await apply_activation(config, target, payload);
}

void DockerConfig::publish(const Config&, const Cluster<Facts>& cluster, Outputs& outputs) {
  for (const auto& machine : cluster.machines)
    if (machine.facts.engine)
      outputs.set("engine_version", machine.facts.info.version, machine.node->name);
}

json::object DockerConfig::describe(const Facts& facts) {
  json::object object;
  object["engine"] = facts.engine;
  if (!facts.toolkit.empty()) object["nvidia_toolkit"] = to_utf8(facts.toolkit);
  if (!facts.engine) {
    object["problem"] = to_utf8(facts.engine_problem);
    return object;
  }
  object["version"] = to_utf8(facts.info.version);
  json::array mirrors;
  for (const std::string& url : facts.info.mirrors)
    mirrors.emplace_back(json::string(to_utf8(url)));
  object["registry_mirrors"] = std::move(mirrors);
  json::object runtimes;
  for (const auto& [name, path] : facts.info.runtimes) runtimes[to_utf8(name)] = to_utf8(path);
  object["runtimes"] = std::move(runtimes);
  object["default_runtime"] = to_utf8(facts.info.default_runtime);
  object["live_restore"] = facts.info.live_restore;
  object["running_containers"] = facts.info.running;
  object["config_file"] = to_utf8(facts.config_file);
  return object;
}

}  // namespace dtenv
