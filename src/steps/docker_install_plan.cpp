// The pure half of DockerConfig about the engine's packages: where none answers.
#include <algorithm>
#include <boost/json.hpp>

#include "steps/docker_changes.hpp"
#include "steps/docker_packages.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;
using Facts = DockerConfig::Facts;

const std::vector<std::string> ce_packages = {"docker-ce", "docker-ce-cli", "containerd.io",
                                              "docker-buildx-plugin"};

std::vector<std::string> distribution_packages(const Config& config, const Facts& facts) {
  std::vector<std::string> packages = {"docker.io"};
  for (const char* name : {"iptables", "ca-certificates"})
    if (config.folder.empty() || facts.packages.count(name) == 0) packages.emplace_back(name);
  return packages;
}

void plan_start(const Node& node, const Facts& facts, Plan& plan) {
  Change change;
  change.node = node.name;
  change.resource = "docker engine";
  change.action = Action::run;
  change.before = facts.engine_problem;
  change.after = "answers";
  change.reason = "it is installed and does not run";
  json::object payload;
  payload["op"] = "start";
  payload["unit"] = facts.daemon_unit;
  change.payload = json::serialize(payload);
  plan.changes.push_back(std::move(change));
}

Result<void> check_system(const Config& config, const Facts& facts) {
  const std::string system = facts.os.pretty_name.empty() ? "this system" : facts.os.pretty_name;
  const bool rpm = facts.os.is_rpm_family();
  if (!rpm && !facts.os.is_debian_family())
    return Error(Status::unsupported, "no Docker engine answers, and how to install one on " +
                                          system +
                                          " is not known: install it, then run dtenv again");
  if (rpm && config.source == DockerConfig::Source::distribution)
    return Error(Status::unsupported, system +
                                          " has no Docker engine of its own: give docker_config "
                                          "\"source\": \"docker-ce\"");
  if (rpm && !config.folder.empty())
    return Error(Status::unsupported,
                 system +
                     ": packages from a folder are installed on Debian and Ubuntu alone: "
                     "name a mirror in \"repository\"");
  if (config.source == DockerConfig::Source::distribution &&
      facts.packages.count("containerd.io") > 0)
    return Error(Status::state,
                 "containerd.io of docker.com is installed and conflicts with the distribution's "
                 "docker.io: give docker_config \"source\": \"docker-ce\", or remove it");
  return {};
}

/// What goes with the packages that stand in the way.
void add_disruptions(const PackageOrder& order, const Facts& facts, Change& change) {
  if (order.in_the_way.empty()) return;
  change.disrupts.push_back(
      {"docker", "packages " + join(order.in_the_way, ", ") + " are removed"});
  const auto& gone = order.in_the_way;
  if (std::find(gone.begin(), gone.end(), "containerd") == gone.end()) return;
  for (const std::string& shim : facts.shims)
    change.disrupts.push_back({"containers", "container " + shim + " loses its containerd"});
}

}  // namespace

Result<void> plan_install(const Config& config, const Node& node, const Facts& facts, Plan& plan) {
  // A program or a unit is there: whatever brought it, it is to run.
  if (!facts.daemon_argv.empty()) {
    plan_start(node, facts, plan);
    return {};
  }
  if (config.install == DockerConfig::Install::never)
    return Error(Status::not_found, "no Docker engine answers (" + facts.engine_problem +
                                        ") and \"install\" is \"never\"");
  DT_TRY(check_system(config, facts));
  PackageOrder order;
  order.folder = config.folder;
  order.reason = "no Docker engine answers: " + facts.engine_problem;
  order.then = "engine";
  PackageOrigin origin;
  if (config.source == DockerConfig::Source::docker_ce) {
    DT_TRY_ASSIGN(origin, docker_origin(config, facts));
    order.origin = &origin;
    order.packages = ce_packages;
    order.in_the_way = packages_in_the_way(facts);
    if (!order.in_the_way.empty()) order.reason += "; docker-ce cannot stand beside what is there";
  } else {
    order.packages = distribution_packages(config, facts);
  }
  DT_TRY(plan_packages(order, node, facts, plan));
  add_disruptions(order, facts, plan.changes.back());
  return {};
}

}  // namespace dtenv
