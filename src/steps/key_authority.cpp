#include "steps/key_authority.hpp"

#include <algorithm>
#include <cstdlib>

#include "steps/key_files.hpp"

namespace dtenv {

namespace {

using Facts = KeyExchange::Facts;

bool certifies(const SshCertificate* certificate, const std::string& key_line,
               const std::optional<PublicKey>& authority, const std::string& principal) {
  const auto key = parse_public_key(trim(key_line));
  return certificate && authority && key && certificate->key == *key &&
         certificate->authority == *authority &&
         certificate->principals == std::vector<std::string>{principal};
}

/// Renewed when less than a third of its time is left.
std::optional<std::string> why_not_in_time(const KeyExchange::Config& config, const Facts& facts,
                                           const SshCertificate& certificate) {
  const auto now = static_cast<std::uint64_t>(facts.now);
  const auto whole = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config.validity).count());
  if (now < certificate.valid_after)
    return "the certificates do not hold yet: the clock of " + facts.place + " is behind";
  if (now + whole / 3 >= certificate.valid_before) return "the certificates end soon";
  if (certificate.valid_before - certificate.valid_after > whole + 900)
    return "the certificates hold longer than the document wants";
  return std::nullopt;
}

}  // namespace

const SshCertificate* Issued::find(const std::string& node, const std::string& role) const {
  const auto found = certificates.find({node, role});
  return found == certificates.end() ? nullptr : &found->second;
}

std::string cluster_principal(const Facts& facts) {
  return "dtenv-" + facts.cluster;
}

Issued read_issued(const Cluster<Facts>& cluster) {
  Issued issued;
  if (cluster.machines.empty()) return issued;
  const std::string text = key_file(cluster.machines.front().facts, "issued");
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() < 4) continue;
    const std::string_view rest =
        line.substr(static_cast<std::size_t>(words[2].data() - line.data()));
    if (words[0] == "authority") {
      auto key = parse_public_key(rest);
      if (key) (words[1] == "host" ? issued.host_authority : issued.user_authority) = *key;
      continue;
    }
    auto certificate = parse_ssh_certificate(rest);
    if (certificate)
      issued.certificates[{std::string(words[0]), std::string(words[1])}] = std::move(*certificate);
  }
  return issued;
}

std::optional<std::string> why_certify(const KeyExchange::Config& config,
                                       const Cluster<Facts>& cluster, const Issued& issued) {
  if (!issued.user_authority || !issued.host_authority) return "nothing is certified yet";
  for (const auto& machine : cluster.machines) {
    const std::string& name = machine.node->name;
    const SshCertificate* user = issued.find(name, "user");
    const SshCertificate* host = issued.find(name, "host");
    if (!certifies(user, key_file(machine.facts, "user_key"), issued.user_authority,
                   cluster_principal(machine.facts)) ||
        (!config.machine &&
         !certifies(host, key_file(machine.facts, "host_key"), issued.host_authority, name)))
      return "the keys of " + name + " are not the certified ones";
    if (auto why = why_not_in_time(config, machine.facts, *user)) return why;
  }
  return std::nullopt;
}

std::optional<Error> clock_problem(const Facts& head, const Observed<Facts>& machine) {
  constexpr std::int64_t most = 300;  // so far back certificates begin to hold
  const Facts& facts = machine.facts;
  if (facts.now == 0 || head.now == 0 || std::abs(facts.now - head.now) <= most)
    return std::nullopt;
  const std::int64_t seconds = facts.now - head.now;
  std::string problem = "the clock of " + machine.node->name + " is " +
                        show_duration(std::chrono::seconds(std::abs(seconds))) +
                        (seconds > 0 ? " ahead of " : " behind ") + head.place + "'s";
  Problem detail{
      "", 0, 0, problem,
      "set it (timedatectl, chrony): it would take certificates too long, or refuse good ones"};
  return Error(Status::state, std::move(problem), {std::move(detail)});
}

std::string certify_lines(const KeyExchange::Config& config, const Cluster<Facts>& cluster) {
  std::string lines;
  for (const auto& machine : cluster.machines) {
    const std::string& name = machine.node->name;
    const auto add = [&](std::string_view role, const std::string& principal) {
      const auto key = parse_public_key(trim(key_file(machine.facts, std::string(role) + "_key")));
      if (key)
        lines += name + " " + std::string(role) + " " + principal + " " + key->words() + "\n";
    };
    add("user", cluster_principal(machine.facts));
    if (!config.machine) add("host", name);
  }
  return lines;
}

}  // namespace dtenv
