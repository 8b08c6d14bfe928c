// What is to be done: pure.
#include <algorithm>

#include "base/text.hpp"
#include "formats/managed_block.hpp"
#include "steps/key_authority.hpp"
#include "steps/key_exchange.hpp"
#include "steps/key_files.hpp"
#include "steps/key_words.hpp"

namespace dtenv {

namespace {

using Config = KeyExchange::Config;
using Facts = KeyExchange::Facts;
using Trust = KeyExchange::Trust;

// Each needs what the one before it makes.
constexpr int own_stage = 0;      ///< keys and sshd
constexpr int certify_stage = 1;  ///< the head certifies everybody's keys
constexpr int shared_stage = 2;   ///< everybody's public halves

Change make_change(const Observed<Facts>& machine, const std::string& what, std::string after,
                   std::string reason, int stage) {
  Change change;
  change.node = machine.node->name;
  change.resource = machine.facts.place + ":" + what;
  change.action = Action::create;
  change.after = std::move(after);
  change.reason = std::move(reason);
  change.stage = stage;
  return change;
}

/// A file in ~/.ssh: apply() learns from the first line whose it is and where.
Change user_file(const Observed<Facts>& machine, const std::string& role,
                 const WantedUserFile& wanted, std::string after, std::string reason) {
  Change change = make_change(machine, role, std::move(after), std::move(reason), shared_stage);
  change.payload = machine.facts.owner + " " + machine.facts.home + "\n" + wanted.own;
  change.common = wanted.common;
  return change;
}

bool differs(const Facts& facts, const std::string& role, const std::string& wanted) {
  return !has_user_file(facts, role, {wanted, nullptr, ""});
}

/// A key's comment ends in the generation it was made in.
std::string generation_of(const Config& config) {
  return ".g" + std::to_string(config.generation);
}

bool is_of_generation(const Config& config, const Facts& facts, const std::string& role) {
  return ends_with(trim(key_file(facts, role)), generation_of(config));
}

std::string why_new_user_key(const Config& config, const Facts& facts) {
  const std::string key = key_file(facts, "user_key");
  if (!facts.key_mode.empty() && facts.key_mode != "600")
    return "the private key there was open to others";
  if (key.empty() || facts.key_mode.empty()) return "there is no key of its own to log in with";
  if (!starts_with(key, config.key == "rsa" ? "ssh-rsa " : "ssh-ed25519 "))
    return "the key there is of another type";
  return is_of_generation(config, facts, "user_key") ? ""
                                                     : "the key there is of another generation";
}

std::string why_new_host_key(const Config& config, const Facts& facts) {
  if (config.machine) return "";  // the machine's own
  if (facts.files.count("host_key") == 0)
    return "a host key from the image is known to everybody who has the image";
  return is_of_generation(config, facts, "host_key") ? ""
                                                     : "the key there is of another generation";
}

bool has_keys(const Config& config, const Cluster<Facts>& cluster, const Observed<Facts>& machine) {
  const Facts& facts = machine.facts;
  if (!facts.running || facts.files.count("host_key") == 0 ||
      !why_new_host_key(config, facts).empty())
    return false;
  return !logs_in(config, cluster, *machine.node) || why_new_user_key(config, facts).empty();
}

std::string key_words(const Config& config) {
  const std::string pair = config.key == "rsa"
                               ? "rsa key pair of " + std::to_string(config.rsa_bits) + " bits"
                               : "ed25519 key pair";
  return pair + ", generation " + std::to_string(config.generation);
}

void plan_user_key(const Config& config, const Cluster<Facts>& cluster,
                   const Observed<Facts>& machine, Plan& plan) {
  const Facts& facts = machine.facts;
  if (!logs_in(config, cluster, *machine.node)) {
    if (facts.key_mode.empty()) return;
    Change change =
        make_change(machine, "user key", "", "in a star the first node alone has one", own_stage);
    change.action = Action::remove;
    change.payload = facts.owner + " " + facts.home + "\n";
    plan.changes.push_back(std::move(change));
    return;
  }
  const std::string why = why_new_user_key(config, facts);
  if (why.empty()) return;
  Change change = make_change(machine, "user key", key_words(config), why, own_stage);
  change.payload = facts.owner + " " + facts.home + "\n" + facts.user + " " + facts.folder_mode;
  plan.changes.push_back(std::move(change));
}

/// The keys and sshd of one place: the others need the public halves.
void plan_own(const Config& config, const Cluster<Facts>& cluster, const Observed<Facts>& machine,
              const std::string& sshd_config, Plan& plan) {
  const Facts& facts = machine.facts;
  const Node& node = *machine.node;
  plan_user_key(config, cluster, machine, plan);
  if (config.machine) return;
  const std::string why_host_key = why_new_host_key(config, facts);
  if (!why_host_key.empty())
    plan.changes.push_back(make_change(
        machine, "host key", "ed25519 host key, generation " + std::to_string(config.generation),
        why_host_key, own_stage));
  if (facts.locked)
    plan.changes.push_back(make_change(
        machine, "account", node.container_user + " without a password",
        "sshd refuses a locked account even with a key; no password opens it either way",
        own_stage));
  const bool reconfigure = !facts.running || differs(facts, "sshd_config", sshd_config);
  const std::string where = "port " + std::to_string(node.container_ssh_port) + " of " +
                            (node.address.empty() ? "every address" : node.address);
  if (reconfigure) {
    Change change = make_change(machine, "sshd_config", "keys alone, " + where,
                                "sshd must listen on the node's own port", own_stage);
    change.payload = sshd_config;
    plan.changes.push_back(std::move(change));
  }
  if (!reconfigure && facts.sshd_running && why_host_key.empty()) return;
  Change change = make_change(
      machine, "sshd", "listening on " + where,
      facts.sshd_running ? "its configuration or its key changes" : "no sshd of ours runs",
      own_stage);
  change.action = facts.sshd_running ? Action::restart : Action::run;
  plan.changes.push_back(std::move(change));
}

/// Everybody's public halves in one place.
void plan_shared(const Config& config, const Observed<Facts>& machine, const WantedKeyFiles& wanted,
                 bool ready, const KeyWords& words, const std::string& head, Plan& plan) {
  const Facts& facts = machine.facts;
  const auto add = [&](const std::string& role, const WantedUserFile& file, std::string after,
                       const auto& reason) {
    if (ready && has_user_file(facts, role, file)) return;
    plan.changes.push_back(user_file(machine, role, file, std::move(after), reason()));
  };
  add("authorized_keys", wanted.authorized_keys, words.keys, [&] {
    return why_authorized(config, key_file(facts, "authorized_keys"), wanted.authorized_keys, head);
  });
  if (wanted.known_hosts) {
    const bool certified = config.trust == Trust::ca && !config.machine;
    add("known_hosts", *wanted.known_hosts,
        (certified ? "the authority of the host keys of " : "the host keys of ") + words.everybody,
        [&] { return why_known(key_file(facts, "known_hosts"), *wanted.known_hosts); });
    add("ssh_config", *wanted.ssh_config, "Host blocks of " + words.everybody,
        [&] { return why_ssh_config(facts); });
  }
  if (wanted.environment)
    add("environment", {*wanted.environment, nullptr, ""}, "the container's environment",
        [] { return std::string("sshd before 7.8 has no SetEnv"); });
  if (config.trust != Trust::ca) return;
  add("user_certificate", {wanted.user_certificate, nullptr, ""}, "its user's certificate",
      [] { return std::string("the others take certified keys alone"); });
  if (config.machine) return;
  if (ready && !differs(facts, "host_certificate", wanted.host_certificate)) return;
  Change change = make_change(machine, "host_certificate", "its host key's certificate",
                              "the others take certified hosts alone", shared_stage);
  change.payload = wanted.host_certificate;
  plan.changes.push_back(std::move(change));
}

/// The head certifies every key anew with authorities made for it.
void plan_certify(const Config& config, const Cluster<Facts>& cluster, const std::string& why,
                  Plan& plan) {
  Change change = make_change(cluster.machines.front(), "certificates",
                              "certificates of the keys of " + node_names(*cluster.nodes) +
                                  ", each for " + show_duration(config.validity),
                              why, certify_stage);
  change.payload = certify_lines(config, cluster);
  plan.changes.push_back(std::move(change));
}

void judge_logins(const Observed<Facts>& machine, Plan& plan) {
  std::vector<Problem> problems;
  for (const auto& [name, said] : machine.facts.logins) {
    if (said == "ok") continue;
    Problem problem;
    problem.problem = machine.node->name + " → " + name + ": " + said;
    problems.push_back(std::move(problem));
  }
  for (const std::string& difference : machine.facts.parity)
    plan.notes.push_back({machine.node->name, Severity::warning, difference});
  if (problems.empty()) return;
  std::string message = "login from " + machine.facts.place + ": " + problems.front().problem;
  if (problems.size() > 1) message += ", and " + std::to_string(problems.size() - 1) + " more";
  plan.failures[machine.node->name] =
      Error(Status::verify, std::move(message), std::move(problems));
}

Error lacks(const Facts& facts) {
  return {Status::state,
          facts.place + " has no " + facts.missing,
          {{"", 0, 0, "missing " + facts.missing,
            "install openssh-server and openssh-client in the image"}}};
}

void plan_machine(const Config& config, const Cluster<Facts>& cluster, KeyFiles& files,
                  const KeyWords& words, const Observed<Facts>& machine, bool ready, Plan& plan) {
  const Facts& facts = machine.facts;
  auto wanted = files.wanted(*machine.node, facts);
  if (!facts.missing.empty() || !wanted) {
    plan.failures[machine.node->name] =
        facts.missing.empty() ? std::move(wanted).error() : lacks(facts);
    return;
  }
  plan_own(config, cluster, machine, wanted->sshd_config, plan);
  plan_shared(config, machine, *wanted, ready, words, cluster.nodes->front().name, plan);
  if (!config.machine && facts.running && config.listen.empty() &&
      sshd_address(config, *machine.node, facts).empty())
    plan.notes.push_back({machine.node->name, Severity::deviation,
                          "sshd listens on every address of the container: it has none that is " +
                              (machine.node->address.empty() ? "known" : machine.node->address)});
}

}  // namespace

Result<Plan> KeyExchange::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  const bool all_keys =
      cluster.machines.size() == cluster.nodes->size() &&
      std::all_of(cluster.machines.begin(), cluster.machines.end(),
                  [&](const auto& machine) { return has_keys(config, cluster, machine); });
  std::optional<std::string> certify;
  if (config.trust == Trust::ca && !cluster.machines.empty()) {
    certify = why_certify(config, cluster, read_issued(cluster));
    if (certify) plan_certify(config, cluster, *certify, plan);
    for (const auto& machine : cluster.machines)
      if (auto problem = clock_problem(cluster.machines.front().facts, machine))
        plan.failures[machine.node->name] = std::move(*problem);
  }
  KeyFiles files(config, cluster);
  const KeyWords words = key_words(config, *cluster.nodes);
  for (const auto& machine : cluster.machines)
    plan_machine(config, cluster, files, words, machine, all_keys && !certify, plan);
  if (!plan.changes.empty() || !all_keys) return plan;
  for (const auto& machine : cluster.machines) judge_logins(machine, plan);
  return plan;
}

}  // namespace dtenv
