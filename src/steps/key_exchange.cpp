#include "steps/key_exchange.hpp"

#include <boost/json.hpp>

#include "formats/host_name.hpp"
#include "formats/ssh_certificate.hpp"
#include "steps/key_files.hpp"

namespace dtenv {

namespace {

constexpr Duration shortest_validity = std::chrono::minutes(10);
constexpr Duration longest_login = std::chrono::minutes(2);

void check(const KeyExchange::Config& config, JsonReader& reader) {
  if (!config.listen.empty() && !is_ipv4(config.listen) && !is_ipv6(config.listen))
    reader.problem("listen", "an address expected, such as 0.0.0.0 or ::");
  if (config.validity < shortest_validity) reader.problem("validity", "at least 10m expected");
  if (config.login_timeout < std::chrono::seconds(1) || config.login_timeout > longest_login)
    reader.problem("login_timeout", "1s to 2m expected");
  for (const std::string& address : config.from)
    if (const auto problem = cidr_problem(address)) reader.problem("from", *problem);
  if (config.machine && !config.container.empty())
    reader.problem("container", "not with \"where\": \"machine\"");
  if (config.machine && !config.listen.empty())
    reader.problem("listen", "not with \"where\": \"machine\", whose sshd is its own");
}

/// Whether anything of ours is there to take away.
bool is_ours(const KeyExchange::Facts& facts) {
  if (!facts.key_mode.empty() || facts.files.count("known_hosts") > 0 ||
      facts.files.count("sshd_config") > 0 || facts.files.count("issued") > 0)
    return true;
  for (const char* role : {"authorized_keys", "ssh_config", "environment"})
    if (contains(key_file(facts, role), "# dtenv:" + std::string(key_block_tag) + " begin"))
      return true;
  return false;
}

}  // namespace

KeyExchange::Config KeyExchange::parse(JsonReader& reader) {
  Config config;
  config.key = reader.one_of("key", {"ed25519", "rsa"}, config.key);
  config.rsa_bits = static_cast<int>(reader.integer_or("rsa_bits", 3072, 16384, config.rsa_bits));
  const std::string trust = reader.one_of("trust", {"mesh", "star", "ca"}, "mesh");
  config.trust = trust == "ca" ? Trust::ca : trust == "star" ? Trust::star : Trust::mesh;
  config.validity = reader.duration_or("validity", config.validity);
  config.generation =
      static_cast<int>(reader.integer_or("generation", 1, 1'000'000, config.generation));
  config.from = reader.string_or_strings("from");
  config.machine = reader.one_of("where", {"container", "machine"}, "container") == "machine";
  config.container = reader.string_or("container", "");
  config.listen = reader.string_or("listen", "");
  const std::string logins = reader.one_of("logins", {"all", "ring", "none"}, "all");
  config.logins = logins == "none" ? Logins::none : logins == "ring" ? Logins::ring : Logins::all;
  config.login_timeout = reader.duration_or("login_timeout", config.login_timeout);
  check(config, reader);
  return config;
}

Result<Plan> KeyExchange::plan_destroy(const Config&, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& machine : cluster.machines) {
    const Facts& facts = machine.facts;
    if (!facts.running || !is_ours(facts)) continue;
    Change change;
    change.node = machine.node->name;
    change.resource = facts.place + ":keys and sshd";
    change.reason = "dtenv made them";
    change.action = Action::remove;
    change.payload = facts.owner + " " + facts.home + "\n";
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

void KeyExchange::publish(const Config&, const Cluster<Facts>&, Outputs&) {}

json::object KeyExchange::describe(const Facts& facts) {
  json::object object;
  object["place"] = facts.place;
  object["running"] = facts.running;
  object["sshd_running"] = facts.sshd_running;
  const auto key = facts.files.find("host_key");
  object["host_key"] = key == facts.files.end() ? json::value(nullptr)
                                                : json::value(to_utf8(trim(key->second.text)));
  const auto certificate = parse_ssh_certificate(key_file(facts, "user_certificate"));
  if (certificate) object["certificate_ends"] = certificate->valid_before;
  json::object logins;
  for (const auto& [name, said] : facts.logins) logins[name] = to_utf8(said);
  object["logins"] = std::move(logins);
  json::object login_ms;
  for (const auto& [name, spent] : facts.login_ms) login_ms[name] = spent;
  object["login_ms"] = std::move(login_ms);
  json::array parity;
  for (const std::string& difference : facts.parity) parity.emplace_back(to_utf8(difference));
  object["login_differs"] = std::move(parity);
  return object;
}

}  // namespace dtenv
