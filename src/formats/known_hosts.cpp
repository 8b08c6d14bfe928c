#include "formats/known_hosts.hpp"

#include "base/text.hpp"
#include "formats/host_name.hpp"

namespace dtenv {

namespace {

Error bad(const std::string& host, std::string_view why) {
  return {Status::config, "known_hosts: \"" + visible(host) + "\" " + std::string(why)};
}

}  // namespace

std::string known_hosts_name(const std::string& address, int port) {
  return port == 22 ? address : "[" + address + "]:" + std::to_string(port);
}

Result<std::string> render_known_hosts(const std::vector<KnownHost>& hosts) {
  std::string text;
  for (const KnownHost& host : hosts) {
    if (const auto problem = host_name_problem(host.name)) return bad(host.name, *problem);
    if (host.port < 1 || host.port > 65535) return bad(host.name, "has a port beyond 1 to 65535");
    if (host.keys.empty()) return bad(host.name, "has no host key");
    std::string names = host.name;
    if (!host.address.empty()) {
      if (const auto problem = host_name_problem(host.address)) return bad(host.address, *problem);
      const std::string place = known_hosts_name(host.address, host.port);
      if (place != host.name) names += "," + place;
    }
    for (const PublicKey& key : host.keys)
      text += (host.authority ? "@cert-authority " : "") + names + " " + key.words() + "\n";
  }
  return text;
}

}  // namespace dtenv
