// The pure half of DockerConfig about daemon.json: the edit, and what it takes to come into force.
#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.hpp"
#include "formats/daemon_json_encoding.hpp"
#include "formats/json_layout.hpp"
#include "steps/docker_changes.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;
using Facts = DockerConfig::Facts;
using Op = DaemonJsonAction::Op;

std::vector<DaemonJsonAction> wanted_actions(const Config& config) {
  std::vector<DaemonJsonAction> actions;
  const auto add = [&](Op op) -> DaemonJsonAction& {
    DaemonJsonAction& action = actions.emplace_back();
    action.op = op;
    return action;
  };
  if (!config.mirrors.empty() || config.replace_mirrors)
    add(config.replace_mirrors ? Op::set_mirrors : Op::add_mirrors).urls = config.mirrors;
  for (const auto& runtime : config.runtimes) {
    DaemonJsonAction& action = add(Op::add_runtime);
    action.name = runtime.name;
    action.path = runtime.path;
    action.args = runtime.args;
  }
  if (!config.default_runtime.empty()) add(Op::set_default_runtime).name = config.default_runtime;
  if (!config.insecure_registries.empty()) {
    DaemonJsonAction& action = add(Op::add_texts);
    action.pointer = {"insecure-registries"};
    action.urls = config.insecure_registries;
  }
  if (config.live_restore) {
    DaemonJsonAction& action = add(Op::set);
    action.pointer = {"live-restore"};
    action.json = *config.live_restore ? "true" : "false";
  }
  if (config.cdi) add(Op::enable_cdi);
  for (const auto& [path, json] : config.options) {
    DaemonJsonAction& action = add(Op::set);
    action.pointer = path;
    action.json = json;
  }
  return actions;
}

/// The keys this document speaks of: a foreign key that is not in force is not ours to reload for.
std::vector<std::string> wanted_keys(const Config& config) {
  std::vector<std::string> keys;
  if (!config.mirrors.empty() || config.replace_mirrors) keys.emplace_back("registry-mirrors");
  if (!config.runtimes.empty()) keys.emplace_back("runtimes");
  if (!config.default_runtime.empty()) keys.emplace_back("default-runtime");
  if (!config.insecure_registries.empty()) keys.emplace_back("insecure-registries");
  if (config.live_restore) keys.emplace_back("live-restore");
  for (const auto& [path, json] : config.options) keys.push_back(path.front());
  if (keys.empty()) keys.emplace_back("none");
  return keys;
}

void add_disruptions(const Facts& facts, bool survive, Change& change) {
  change.disrupts.push_back(
      {"docker", "the Docker engine " + facts.info.version + " stops for some seconds"});
  if (survive) return;
  for (const std::string& container : facts.containers)
    change.disrupts.push_back({"containers", "container " + container + " ends"});
}

std::string activation_reason(const DaemonJsonMerge& merge, const Facts& facts) {
  std::string reason = "the daemon is to run with what the document says";
  if (!facts.engine) return reason;
  if (merge.plan.activation == Activation::reload) reason += "; a reload does, containers stay";
  if (merge.plan.activation == Activation::restart)
    reason += merge.plan.containers_survive ? "; it takes a restart, which no container notices"
                                            : "; it takes a restart";
  return reason + ": " + join(merge.plan.reasons, "; ");
}

Change file_change(const DaemonJsonMerge& merge, const Node& node, const Facts& facts) {
  Change change;
  change.node = node.name;
  change.resource = facts.config_file;
  change.action = facts.config_text ? Action::update : Action::create;
  const std::string old_digest = facts.config_text ? sha256(*facts.config_text) : "";
  if (facts.config_text) change.before = "sha256:" + old_digest;
  change.after = "sha256:" + sha256(merge.text) + "\n" + join(merge.plan.changes, "\n");
  change.reason = activation_reason(merge, facts);
  // After the packages, that the daemon's version is known to the edit.
  change.stage = 1;
  const Activation activation = facts.engine ? merge.plan.activation : Activation::none;
  if (activation == Activation::restart)
    add_disruptions(facts, merge.plan.containers_survive, change);
  json::object payload;
  payload["op"] = "daemon_json";
  payload["path"] = facts.config_file;
  payload["text"] = base64(merge.text);
  payload["old"] = old_digest;
  payload["activation"] = activation_name(activation);
  payload["reload_first"] = merge.plan.reload_first;
  payload["changes"] = json::string(to_utf8(join(merge.plan.changes, "\n")));
  change.payload = json::serialize(payload);
  return change;
}

/// The file is as wanted, but the daemon is not: cut short before, or edited by somebody else.
Change engine_change(const Node& node, const Facts& facts, Activation activation, bool on_first,
                     const std::string& why) {
  Change change;
  change.node = node.name;
  change.resource = "docker engine";
  change.action = activation == Activation::restart ? Action::restart : Action::reload;
  change.before = why;
  change.after = facts.config_file + " in force";
  change.reason = "the file says what is wanted, the daemon does not have it yet: " + why;
  change.stage = 1;
  if (activation == Activation::restart)
    add_disruptions(facts, on_first || facts.info.live_restore || facts.containers.empty(), change);
  json::object payload;
  payload["op"] = "activate";
  payload["path"] = facts.config_file;
  payload["activation"] = activation_name(activation);
  payload["reload_first"] = on_first;
  change.payload = json::serialize(payload);
  return change;
}

Error refused(const Facts& facts, const DaemonJsonMerge& merge) {
  Error error(Status::config, facts.config_file + ": the daemon would not run with this: " +
                                  merge.plan.reasons.back());
  for (const std::string& reason : merge.plan.reasons) {
    Problem problem;
    problem.problem = reason;
    error.detail.push_back(std::move(problem));
  }
  return error;
}

Result<void> plan_in_force(const Config& config, const Node& node, const Facts& facts, Plan& plan) {
  if (!facts.engine || !facts.config_text) return {};
  const EngineRelease release = parse_engine_release(facts.info.version);
  DT_TRY_ASSIGN(const DecodedJson decoded, decode_daemon_json(*facts.config_text, release));
  DT_TRY_ASSIGN(const JsonText text, JsonText::parse(decoded.text, facts.config_file));
  const auto missing = not_in_force(text.root(), facts.info, wanted_keys(config));
  if (missing.empty() && facts.pending.empty()) return {};
  std::string why = missing.empty() || facts.pending == "restart"
                        ? "an earlier apply was cut short before the " + facts.pending
                        : join(missing, "; ");
  const std::string killer = reload_killer(text, release);
  if (!killer.empty()) why += "; " + killer;
  const bool restart = facts.pending == "restart" || !killer.empty();
  const JsonNode* restores = text.find({"live-restore"});
  const bool on_first = restart && killer.empty() && restores && restores->text == "true" &&
                        !facts.info.live_restore && !facts.info.swarm;
  plan.changes.push_back(engine_change(
      node, facts, restart ? Activation::restart : Activation::reload, on_first, why));
  return {};
}

}  // namespace

Result<DaemonJsonMerge> wanted_daemon_json(const Config& config, const Facts& facts) {
  DaemonJsonRequest request;
  request.text = facts.config_text;
  request.actions = wanted_actions(config);
  request.state.engine = parse_engine_release(facts.info.version);
  request.state.unit_flags = facts.daemon_argv;
  request.state.running_containers = static_cast<int>(facts.containers.size());
  request.state.swarm = facts.info.swarm;
  if (facts.engine) request.state.live_restore = facts.info.live_restore;
  return merge_daemon_json(request);
}

Result<void> plan_daemon_json(const Config& config, const Node& node, const Facts& facts,
                              Plan& plan) {
  auto merged = wanted_daemon_json(config, facts);
  if (!merged) {
    // The merge speaks of daemon.json; here it has a place.
    Error error = merged.error();
    error.message = replace_all(error.message, "daemon.json:", facts.config_file + ":");
    return error;
  }
  if (merged->plan.activation == Activation::refuse) return refused(facts, *merged);
  if (!merged->changed) return plan_in_force(config, node, facts, plan);
  if (facts.rootless && merged->plan.activation == Activation::restart)
    return Error(
        Status::unsupported,
        facts.config_file +
            ": this takes a restart, and the daemon is a user's own "
            "(rootless): write it there, then run `systemctl --user restart docker` as that "
            "user: " +
            join(merged->plan.reasons, "; "));
  if (!facts.engine && config.install == DockerConfig::Install::never && facts.daemon_argv.empty())
    return {};
  plan.changes.push_back(file_change(*merged, node, facts));
  return {};
}

}  // namespace dtenv
