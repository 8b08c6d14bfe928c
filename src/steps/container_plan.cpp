// The pure half of ContainerRun: the container each machine is to have, and what to do about it.
#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.hpp"
#include "steps/container_run.hpp"

namespace dtenv {

namespace {

using Config = ContainerRun::Config;
using Facts = ContainerRun::Facts;

/// Stays up, ends at once on TERM, and needs nothing but a POSIX shell.
constexpr std::string_view keep_alive_program =
    "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done";

bool is_ip_address(std::string_view text) {
  if (text.find(':') != std::string_view::npos)
    return text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  const auto parts = split(text, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           return parse_integer(part, 0, 255).has_value();
         });
}

/// Every node by its name; and, on the machine's own network, where no engine does it, the
/// container's own host name: a program that looks itself up (gloo, Hydra) finds nothing otherwise.
void add_peer_hosts(const Node& node, const std::vector<Node>& nodes, ContainerSpec& spec) {
  const auto add = [&](const std::string& name, const std::string& address) {
    const bool there =
        std::any_of(spec.extra_hosts.begin(), spec.extra_hosts.end(),
                    [&](const std::string& entry) { return starts_with(entry, name + ":"); });
    if (!name.empty() && !there && is_ip_address(address))
      spec.extra_hosts.push_back(name + ":" + address);
  };
  if (spec.network == "host")
    add(spec.hostname, is_ip_address(node.address) ? node.address : "127.0.0.1");
  for (const Node& peer : nodes) add(peer.name, peer.address);
}

/// Mounts instead of Binds: the engine then refuses a missing folder instead of making it.
void use_mounts(ContainerSpec& spec) {
  std::vector<VolumeOption> rest;
  for (VolumeOption& volume : spec.volumes) {
    if (volume.kind != VolumeOption::Kind::bind || !volume.selinux.empty()) {
      rest.push_back(std::move(volume));
      continue;
    }
    MountSpec mount;
    mount.source = volume.source;
    mount.target = volume.target;
    mount.read_only = volume.read_only;
    mount.propagation = volume.propagation;
    spec.mounts.push_back(std::move(mount));
  }
  spec.volumes = std::move(rest);
}

const ContainerSpec& options_for(const Config& config, const Node& node) {
  const auto own = config.nodes.find(node.name);
  return own == config.nodes.end() ? config.spec : own->second;
}

void add_notes(const Config& config, const Node& node, const Facts& facts, Plan& plan) {
  const ContainerSpec& spec = options_for(config, node);
  const auto say = [&](Severity severity, std::string text) {
    plan.notes.push_back({node.name, severity, "container " + config.name + ": " + text});
  };
  if (spec.privileged)
    say(Severity::deviation, "privileged: who is root in it is root of the machine");
  if (spec.network == "host") say(Severity::deviation, "shares the machine's network");
  if (spec.ipc == "host") say(Severity::deviation, "shares the machine's memory segments");
  if (spec.network == "host" && !spec.ports.empty())
    say(Severity::warning, "published ports are discarded when using host network mode");
  if (spec.ipc == "host" && spec.shm_size)
    say(Severity::warning, "shm_size has no effect beside \"ipc\": \"host\"");
  if (contains(spec.hostname, "_"))
    say(Severity::warning, "the host name " + spec.hostname +
                               " holds \"_\", which DNS names may not: some programs refuse it");
  for (const std::string& path : facts.missing_paths)
    if (config.create_host_paths) say(Severity::info, "the folder " + path + " will be made");
}

std::string short_hash(const std::string& id) {
  return starts_with(id, "sha256:") ? id.substr(7, 12) : id.substr(0, 12);
}

std::string shown_container(const Config& config, const Facts& facts) {
  return config.name + " (image " + facts.container_image + ", " + facts.state + ")";
}

/// Why a container of ours is not the one wanted; empty: it is.
std::string drift(const Facts& facts, const std::string& hash) {
  if (facts.label_spec != hash) return "the document wants other options than it was made with";
  if (!facts.image_id.empty() && facts.container_image_id != facts.image_id)
    return facts.image + " is image " + short_hash(facts.image_id) + " now, it runs " +
           short_hash(facts.container_image_id);
  if (facts.state == "dead" || facts.state == "removing") return "it is " + facts.state;
  return {};
}

Change change_of(const Config& config, const Node& node, Action action, std::string reason) {
  Change change;
  change.node = node.name;
  change.resource = "container " + config.name;
  change.action = action;
  change.reason = std::move(reason);
  return change;
}

Error foreign(const Config& config, const Node& node, const Facts& facts) {
  const std::string whose = facts.label_cluster.empty()
                                ? "is not dtenv's"
                                : "belongs to the cluster " + visible(facts.label_cluster);
  Problem problem;
  problem.problem = "name_conflict";
  problem.hint = "give the container another name, or remove that one yourself";
  return {Status::state,
          "container " + shown_container(config, facts) + " on " + node.name + " " + whose +
              ": it is not touched",
          {std::move(problem)}};
}

Result<void> plan_one(const Config& config, const Cluster<Facts>& cluster, const Node& node,
                      const Facts& facts, Plan& plan) {
  if (facts.image.empty())
    return Error(Status::config, "container " + config.name +
                                     ": no image: give \"image\", or an image_build before it");
  if (!facts.container_id.empty() && facts.label_cluster != facts.cluster)
    return foreign(config, node, facts);
  if (!config.create_host_paths && !facts.missing_paths.empty())
    return Error(Status::not_found, "container " + config.name + ": the folder " +
                                        facts.missing_paths.front() + " is not on " + node.name +
                                        " and \"create_host_paths\" is false");
  if (facts.engine && facts.image_id.empty() && !facts.image_promised && facts.container_id.empty())
    return Error(Status::not_found, "image " + facts.image + " is not on " + node.name +
                                        ": add an image_build that pulls, loads or builds it");
  const ContainerSpec spec = container_for(config, node, *cluster.nodes, facts.image);
  const std::string hash = spec_hash(spec);
  const std::string wanted = "image " + facts.image + ", options " + short_hash(hash);
  const bool running = facts.state == "running";
  Change change;
  if (facts.container_id.empty()) {
    change = change_of(config, node, Action::create, "the training runs in it");
  } else if (const std::string why = drift(facts, hash); !why.empty()) {
    change = change_of(config, node, Action::update, why);
    change.before = "image " + facts.container_image + ", options " + short_hash(facts.label_spec);
    if (running || facts.state == "paused")
      change.disrupts.push_back(
          {"containers", "container " + shown_container(config, facts) + " is replaced"});
  } else if (!running) {
    change = change_of(config, node, Action::run, "it is ours and as wanted, but " + facts.state);
    change.before = facts.state;
  } else {
    return {};
  }
  change.after = wanted + ", running";
  plan.changes.push_back(std::move(change));
  return {};
}

}  // namespace

ContainerSpec container_for(const Config& config, const Node& node, const std::vector<Node>& nodes,
                            const std::string& image) {
  ContainerSpec spec = options_for(config, node);
  spec.image = image;
  spec.hostname = replace_all(spec.hostname, "{node}", node.name);
  if (config.keep_alive && spec.command.empty() && !spec.entrypoint) {
    // The entrypoint too: the image's own might end at once, or not pass the command on.
    spec.entrypoint = std::vector<std::string>{"sh"};
    spec.command = {"-c", std::string(keep_alive_program)};
  }
  // Both at once inject the devices twice where the engine works with CDI.
  if (!spec.gpus.empty() && spec.runtime == "nvidia") spec.runtime.clear();
  if (config.peer_hosts) add_peer_hosts(node, nodes, spec);
  if (!config.create_host_paths) use_mounts(spec);
  return spec;
}

std::string spec_hash(const ContainerSpec& spec) {
  return sha256(json::serialize(container_create_body(spec)));
}

Result<Plan> ContainerRun::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& [name, spec] : config.nodes)
    if (std::none_of(cluster.nodes->begin(), cluster.nodes->end(),
                     [&](const Node& node) { return node.name == name; }))
      return Error(Status::config,
                   "container_run: nodes: \"" + visible(name) + "\" is no node of the document");
  for (const auto& machine : cluster.machines) {
    add_notes(config, *machine.node, machine.facts, plan);
    const auto planned = plan_one(config, cluster, *machine.node, machine.facts, plan);
    if (!planned) plan.failures[machine.node->name] = planned.error();
  }
  return plan;
}

Result<Plan> ContainerRun::plan_destroy(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& machine : cluster.machines) {
    const Facts& facts = machine.facts;
    if (facts.container_id.empty() || facts.label_cluster != facts.cluster) continue;
    Change change =
        change_of(config, *machine.node, Action::remove, "dtenv made it for this cluster");
    change.before = "image " + facts.container_image + ", " + facts.state;
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

}  // namespace dtenv
