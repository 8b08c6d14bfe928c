#include "steps/key_exchange.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "formats/host_name.hpp"
#include "steps/key_files.hpp"

namespace dtenv {

namespace {

using Facts = KeyExchange::Facts;

/// Marks what is ours in shared files.
constexpr std::string_view block_tag = "key_exchange";

Change make_change(const Observed<Facts>& machine, const std::string& what, std::string after,
                   std::string reason, int stage) {
  Change change;
  change.node = machine.node->name;
  change.resource = machine.facts.container + ":" + what;
  change.action = Action::create;
  change.after = std::move(after);
  change.reason = std::move(reason);
  change.stage = stage;
  return change;
}

bool has_keys(const Facts& facts) {
  return facts.running && facts.files.count("user_key") > 0 && facts.files.count("host_key") > 0 &&
         facts.key_mode == "600";
}

bool differs(const Facts& facts, const std::string& role, const std::string& wanted,
             std::string_view mode) {
  const auto found = facts.files.find(role);
  return found == facts.files.end() || found->second.text != wanted || found->second.mode != mode;
}

std::string key_words(const KeyExchange::Config& config) {
  return config.key == "rsa" ? "rsa key pair of " + std::to_string(config.rsa_bits) + " bits"
                             : "ed25519 key pair";
}

/// The keys and sshd of one container: stage 0, since the others need the public halves.
void plan_own(const KeyExchange::Config& config, const Observed<Facts>& machine,
              const std::string& sshd_config, Plan& plan) {
  const Facts& facts = machine.facts;
  const Node& node = *machine.node;
  const bool other_type = facts.files.count("user_key") > 0 &&
                          !starts_with(facts.files.at("user_key").text,
                                       config.key == "rsa" ? "ssh-rsa " : "ssh-ed25519 ");
  if (facts.files.count("user_key") == 0 || facts.key_mode != "600" || other_type)
    plan.changes.push_back(make_change(machine, "user key",
                                       key_words(config) + " of " + node.container_user,
                                       other_type ? "the key there is of another type"
                                       : !facts.key_mode.empty() && facts.key_mode != "600"
                                           ? "the private key there was open to others"
                                           : "the container has no key of its own to log in with",
                                       0));
  if (facts.files.count("host_key") == 0)
    plan.changes.push_back(
        make_change(machine, "host key", "ed25519 host key",
                    "a host key from the image is known to everybody who has the image", 0));
  const bool reconfigure = !facts.running || differs(facts, "sshd_config", sshd_config, "600");
  const std::string where = "port " + std::to_string(node.container_ssh_port) + " of " +
                            (node.address.empty() ? "every address" : node.address);
  if (reconfigure) {
    Change change = make_change(machine, "sshd_config", "keys alone, " + where,
                                "sshd must listen on the node's own port", 0);
    change.payload = sshd_config;
    plan.changes.push_back(std::move(change));
  }
  if (reconfigure || !facts.sshd_running) {
    Change change =
        make_change(machine, "sshd", "listening on " + where,
                    facts.sshd_running ? "its configuration changes" : "no sshd of ours runs", 0);
    change.action = facts.sshd_running ? Action::restart : Action::run;
    plan.changes.push_back(std::move(change));
  }
}

std::string names_of(const std::vector<Node>& nodes) {
  std::vector<std::string> names;
  for (const Node& node : nodes) names.push_back(node.name);
  return join(names, ", ");
}

/// Everybody's public halves in one container: stage 1.
void plan_shared(const Observed<Facts>& machine, const WantedKeyFiles& wanted, bool all_keys,
                 const std::vector<Node>& nodes, Plan& plan) {
  const Facts& facts = machine.facts;
  const std::string count = std::to_string(nodes.size());
  const auto add = [&](const std::string& role, const std::string& text, std::string after,
                       std::string reason) {
    if (all_keys && !differs(facts, role, text, "600")) return;
    Change change = make_change(machine, role, std::move(after), std::move(reason), 1);
    change.payload = text;
    plan.changes.push_back(std::move(change));
  };
  add("authorized_keys", wanted.authorized_keys, "the public keys of " + names_of(nodes),
      "every container may log in to every other");
  add("known_hosts", wanted.known_hosts, "the host keys of " + names_of(nodes),
      "host keys are pinned, not trusted at first sight");
  add("ssh_config", wanted.ssh_config, "Host blocks of " + names_of(nodes),
      "each node has its own address and port");
}

void judge_logins(const Observed<Facts>& machine, Plan& plan) {
  std::vector<Problem> problems;
  for (const auto& [name, said] : machine.facts.logins) {
    if (said == "ok") continue;
    Problem problem;
    problem.problem = machine.node->name + " → " + name + ": " + said;
    problems.push_back(std::move(problem));
  }
  if (problems.empty()) return;
  std::string message = "login from " + machine.facts.container + ": " + problems.front().problem;
  if (problems.size() > 1) message += ", and " + std::to_string(problems.size() - 1) + " more";
  plan.failures[machine.node->name] =
      Error(Status::verify, std::move(message), std::move(problems));
}

/// PATH as a login has it against what the container was given: mpirun's daemons live by the
/// former.
void note_parity(const Observed<Facts>& machine, Plan& plan) {
  const auto path = std::find_if(machine.facts.env.begin(), machine.facts.env.end(),
                                 [](const auto& item) { return item.first == "PATH"; });
  if (machine.facts.login_path.empty() || path == machine.facts.env.end() ||
      path->second == machine.facts.login_path)
    return;
  plan.notes.push_back(
      {machine.node->name, Severity::warning,
       "a login sees PATH " + machine.facts.login_path + ", the container " + path->second});
}

}  // namespace

KeyExchange::Config KeyExchange::parse(JsonReader& reader) {
  Config config;
  config.key = reader.one_of("key", {"ed25519", "rsa"}, config.key);
  config.rsa_bits = static_cast<int>(reader.integer_or("rsa_bits", 3072, 16384, config.rsa_bits));
  config.trust = reader.one_of("trust", {"mesh"}, config.trust);
  config.container = reader.string_or("container", "");
  config.listen = reader.string_or("listen", "");
  if (!config.listen.empty() && !is_ipv4(config.listen) && !is_ipv6(config.listen))
    reader.problem("listen", "an address expected, such as 0.0.0.0 or ::");
  return config;
}

Result<Plan> KeyExchange::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  const bool all_keys = cluster.machines.size() == cluster.nodes->size() &&
                        std::all_of(cluster.machines.begin(), cluster.machines.end(),
                                    [](const auto& machine) { return has_keys(machine.facts); });
  for (const auto& machine : cluster.machines) {
    if (!machine.facts.missing.empty()) {
      plan.failures[machine.node->name] =
          Error(Status::state,
                "the image has no " + machine.facts.missing + " (container " +
                    machine.facts.container + ")",
                {{"", 0, 0, "missing " + machine.facts.missing,
                  "install openssh-server and openssh-client in the image"}});
      continue;
    }
    auto wanted =
        wanted_key_files(config, cluster, *machine.node, machine.facts, std::string(block_tag));
    if (!wanted) {
      plan.failures[machine.node->name] = std::move(wanted).error();
      continue;
    }
    const std::size_t before = plan.changes.size();
    plan_own(config, machine, wanted->sshd_config, plan);
    plan_shared(machine, *wanted, all_keys, *cluster.nodes, plan);
    if (machine.facts.running && config.listen.empty() &&
        sshd_address(config, *machine.node, machine.facts).empty())
      plan.notes.push_back({machine.node->name, Severity::deviation,
                            "sshd listens on every address of the container: it has none that is " +
                                (machine.node->address.empty() ? "known" : machine.node->address)});
    if (plan.changes.size() == before) note_parity(machine, plan);
  }
  if (!plan.changes.empty() || !all_keys) return plan;
  for (const auto& machine : cluster.machines) judge_logins(machine, plan);
  return plan;
}

Result<Plan> KeyExchange::plan_destroy(const Config&, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& machine : cluster.machines) {
    const Facts& facts = machine.facts;
    if (!facts.running ||
        (facts.files.count("user_key") == 0 && facts.files.count("host_key") == 0))
      continue;
    Change change = make_change(machine, "keys and sshd", "", "dtenv made them", 0);
    change.action = Action::remove;
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

void KeyExchange::publish(const Config&, const Cluster<Facts>&, Outputs&) {}

json::object KeyExchange::describe(const Facts& facts) {
  json::object object;
  object["container"] = facts.container;
  object["running"] = facts.running;
  object["sshd_running"] = facts.sshd_running;
  const auto key = facts.files.find("host_key");
  object["host_key"] = key == facts.files.end() ? json::value(nullptr)
                                                : json::value(to_utf8(trim(key->second.text)));
  json::object logins;
  for (const auto& [name, said] : facts.logins) logins[name] = to_utf8(said);
  object["logins"] = std::move(logins);
  return object;
}

}  // namespace dtenv
