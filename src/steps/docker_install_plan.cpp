// The pure half of DockerConfig about packages: what brings an engine to a machine that has none.
#include <algorithm>
#include <boost/json.hpp>

#include "steps/docker_changes.hpp"
#include "steps/docker_files.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;
using Facts = DockerConfig::Facts;

const std::vector<std::string> distribution_packages = {"docker.io", "iptables", "ca-certificates"};
const std::vector<std::string> ce_packages = {"docker-ce", "docker-ce-cli", "containerd.io",
                                              "docker-buildx-plugin"};
/// What docker-ce's packages conflict with.
const std::vector<std::string> old_packages = {
    "docker.io",  "docker-doc", "docker-compose", "docker-compose-v2", "podman-docker",
    "containerd", "runc"};

bool has(const Facts& facts, const std::string& package) {
  return facts.packages.count(package) > 0;
}

json::array words(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& word : list) array.emplace_back(json::string(word));
  return array;
}

Change package_change(const Node& node, Action action, const std::vector<std::string>& packages) {
  Change change;
  change.node = node.name;
  change.resource = (packages.size() == 1 ? "package " : "packages ") + join(packages, " ");
  change.action = action;
  json::object payload;
  payload["op"] = action == Action::remove ? "remove_packages" : "install_packages";
  payload["packages"] = words(packages);
  change.payload = json::serialize(payload);
  return change;
}

Result<void> plan_repository(const Config& config, const Node& node, const Facts& facts,
                             Plan& plan) {
  DT_TRY_ASSIGN(const AptSource source, wanted_source(config, facts));
  const std::string own(docker_sources);
  const auto conflicts = find_signed_by_conflicts(facts.apt_files, source, own);
  if (!conflicts.empty()) {
    const auto& first = conflicts.front();
    Problem problem{"", first.line, 1, first.path + " names " + first.uri + " with another key",
                    "remove that entry: apt refuses both otherwise"};
    return Error{Status::state,
                 first.path + ": line " + std::to_string(first.line) + ": Signed-By conflicts " +
                     "with " + own + " for " + first.uri,
                 {std::move(problem)}};
  }
  const auto& prints = facts.key_fingerprints;
  if (std::find(prints.begin(), prints.end(), config.repository.fingerprint) == prints.end()) {
    Change key;
    key.node = node.name;
    key.resource = docker_keyring;
    key.action = prints.empty() ? Action::create : Action::update;
    key.before = join(prints, ", ");
    key.after = "key " + config.repository.fingerprint;
    key.reason = "apt is to take packages signed by this key alone, from " +
                 (config.repository.key.empty() ? wanted_key_url(config, facts)
                                                : std::string("the document"));
    json::object payload;
    payload["op"] = "key";
    payload["url"] = wanted_key_url(config, facts);
    key.payload = json::serialize(payload);
    plan.changes.push_back(std::move(key));
  }
  const std::string wanted = render_apt_deb822(source);
  const auto present = std::find_if(facts.apt_files.begin(), facts.apt_files.end(),
                                    [&](const AptFile& file) { return file.path == own; });
  if (present != facts.apt_files.end() && present->text == wanted) return {};
  Change change;
  change.node = node.name;
  change.resource = own;
  change.action = present == facts.apt_files.end() ? Action::create : Action::update;
  if (present != facts.apt_files.end()) change.before = present->text;
  change.after = wanted;
  change.reason = "docker-ce comes from this repository";
  json::object payload;
  payload["op"] = "source";
  payload["text"] = wanted;
  change.payload = json::serialize(payload);
  plan.changes.push_back(std::move(change));
  return {};
}

Result<void> plan_packages(const Config& config, const Node& node, const Facts& facts, Plan& plan) {
  const bool ce = config.source == DockerConfig::Source::docker_ce;
  if (!ce && has(facts, "containerd.io"))
    return Error(Status::state,
                 "containerd.io of docker.com is installed and conflicts with the distribution's "
                 "docker.io: give docker_config \"source\": \"docker-ce\", or remove it");
  std::vector<std::string> old;
  for (const std::string& package : old_packages)
    if (ce && has(facts, package)) old.push_back(package);
  if (!old.empty()) {
    Change change = package_change(node, Action::remove, old);
    change.before = join(old, " ");
    change.reason = "docker-ce cannot be installed beside them";
    change.disrupts.push_back({"docker", "packages " + join(old, ", ") + " are removed"});
    plan.changes.push_back(std::move(change));
  }
  const auto& wanted = ce ? ce_packages : distribution_packages;
  Change change = package_change(node, Action::create, wanted);
  change.after = join(wanted, " ");
  change.reason = "no Docker engine answers: " + facts.engine_problem;
  plan.changes.push_back(std::move(change));
  return {};
}

}  // namespace

std::string wanted_key_url(const Config& config, const Facts& facts) {
  if (!config.repository.key.empty()) return {};
  if (!config.repository.key_url.empty()) return config.repository.key_url;
  if (!config.repository.url.empty()) {
    std::string base = config.repository.url;
    while (!base.empty() && base.back() == '/') base.pop_back();
    return base + "/gpg";
  }
  return "https://download.docker.com/linux/" + facts.os.family() + "/gpg";
}

Result<AptSource> wanted_source(const Config& config, const Facts& facts) {
  AptSource source;
  const auto& repository = config.repository;
  source.uris = {repository.url.empty() ? "https://download.docker.com/linux/" + facts.os.family()
                                        : repository.url};
  const std::string suite = repository.suite.empty() ? facts.os.suite() : repository.suite;
  if (suite.empty())
    return Error(Status::config,
                 "docker-ce: this system has no suite's name: give \"repository\" a \"suite\"");
  source.suites = {suite};
  if (suite.back() != '/') source.components = {repository.component};
  if (!facts.architecture.empty()) source.architectures = {facts.architecture};
  source.signed_by = docker_keyring;
  return source;
}

Result<void> plan_install(const Config& config, const Node& node, const Facts& facts, Plan& plan) {
  // A program or a unit is there: whatever brought it, it is to run.
  if (!facts.daemon_argv.empty()) {
    Change change;
    change.node = node.name;
    change.resource = "docker engine";
    change.action = Action::run;
    change.before = facts.engine_problem;
    change.after = "answers";
    change.reason = "it is installed and does not run";
    json::object payload;
    payload["op"] = "start";
    change.payload = json::serialize(payload);
    plan.changes.push_back(std::move(change));
    return {};
  }
  if (config.install == DockerConfig::Install::never)
    return Error(Status::not_found, "no Docker engine answers (" + facts.engine_problem +
                                        ") and \"install\" is \"never\"");
  if (!facts.os.is_debian_family())
    return Error(Status::unsupported,
                 "no Docker engine answers, and how to install one on " +
                     (facts.os.pretty_name.empty() ? "this system" : facts.os.pretty_name) +
                     " is not known: install it, then run dtenv again");
  if (!facts.root)
    return Error(Status::config,
                 "installing a Docker engine needs root: log in as root, or give "
                 "the node \"sudo\": true");
  if (config.source == DockerConfig::Source::docker_ce) {
    DT_TRY(plan_repository(config, node, facts, plan));
  }
  return plan_packages(config, node, facts, plan);
}

}  // namespace dtenv
