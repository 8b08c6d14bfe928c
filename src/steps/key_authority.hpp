#pragma once

#include <map>
#include <optional>
#include <string>

#include "formats/ssh_certificate.hpp"
#include "steps/key_exchange.hpp"

namespace dtenv {

/// What the head's authorities certified the last time: their public halves and every node's
/// certificates, by node and role ("user", "host").
struct Issued {
  std::optional<PublicKey> user_authority;
  std::optional<PublicKey> host_authority;
  std::map<std::pair<std::string, std::string>, SshCertificate> certificates;

  const SshCertificate* find(const std::string& node, const std::string& role) const;
};

/// Of the first machine of the cluster; a line that is none is as good as absent.
Issued read_issued(const Cluster<KeyExchange::Facts>& cluster);

/// Why the head has to certify again, as a person would say it; nullopt: what is there holds.
std::optional<std::string> why_certify(const KeyExchange::Config& config,
                                       const Cluster<KeyExchange::Facts>& cluster,
                                       const Issued& issued);

/// The head's clock is in every certificate: what keeps one from being judged by this machine's.
/// Both were asked in the same round, which may take a while.
std::optional<Error> clock_problem(const KeyExchange::Facts& head,
                                   const Observed<KeyExchange::Facts>& machine);

/// sign_program's lines: "NODE user|host PRINCIPALS KEY".
std::string certify_lines(const KeyExchange::Config& config,
                          const Cluster<KeyExchange::Facts>& cluster);

/// Who a user's certificate is for: the cluster, which authorized_keys asks for.
std::string cluster_principal(const KeyExchange::Facts& facts);

}  // namespace dtenv
