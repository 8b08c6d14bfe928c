#include "formats/daemon_json_keys.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace dtenv {

namespace {

using Type = DaemonKeyType;
constexpr auto reload = DaemonKeyClass::reload;
constexpr auto restart = DaemonKeyClass::restart;

std::vector<DaemonKey> make_keys() {
  return {
      {"allow-direct-routing", Type::boolean, restart, 28},
      {"allow-nondistributable-artifacts", Type::texts, reload, 0, 0,
       "allow-nondistributable-artifact"},
      {"api-cors-header", Type::text, restart, 0, 28},
      {"authorization-plugins", Type::texts, reload, 0, 0, "authorization-plugin"},
      {"bip", Type::text, restart},
      {"bip6", Type::text, restart, 28},
      {"bridge", Type::text, restart},
      {"bridge-accept-fwmark", Type::text, restart, 29},
      {"builder", Type::object, restart},
      {"cdi-spec-dirs", Type::texts, restart, 25, 0, "cdi-spec-dir"},
      {"cgroup-parent", Type::text, restart},
      {"cluster-advertise", Type::text, restart, 0, 23},
      {"cluster-store", Type::text, restart, 0, 23},
      {"cluster-store-opts", Type::text_map, restart, 0, 23, "cluster-store-opt"},
      {"containerd", Type::text, restart},
      {"containerd-namespace", Type::text, restart},
      {"containerd-plugins-namespace", Type::text, restart},
      {"cpu-rt-period", Type::whole, restart},
      {"cpu-rt-runtime", Type::whole, restart},
      {"cri-containerd", Type::boolean, restart},
      {"data-root", Type::text, restart},
      {"debug", Type::boolean, reload},
      {"default-address-pools", Type::objects, restart, 0, 0, "default-address-pool"},
      {"default-cgroupns-mode", Type::text, reload},
      {"default-gateway", Type::text, restart},
      {"default-gateway-v6", Type::text, restart},
      {"default-ipc-mode", Type::text, reload},
      {"default-network-opts", Type::object_map, restart, 24, 0, "default-network-opt"},
      {"default-runtime", Type::text, reload},
      {"default-shm-size", Type::size, reload},
      {"default-stop-timeout", Type::whole, reload, 29},
      {"default-ulimits", Type::object_map, restart, 0, 0, "default-ulimit"},
      {"deprecated-key-path", Type::text, restart},
      {"disable-legacy-registry", Type::boolean, restart, 0, 23},
      {"dns", Type::texts, restart},
      {"dns-opts", Type::texts, restart, 0, 0, "dns-opt"},
      {"dns-search", Type::texts, restart},
      {"exec-opts", Type::texts, restart, 0, 0, "exec-opt"},
      {"exec-root", Type::text, restart},
      {"experimental", Type::boolean, restart},
      {"features", Type::boolean_map, reload, 0, 0, "feature"},
      {"firewall-backend", Type::text, restart, 29},
      {"fixed-cidr", Type::text, restart},
      {"fixed-cidr-v6", Type::text, restart},
      {"graph", Type::text, restart, 0, 23},
      {"group", Type::text, restart},
      {"host-gateway-ip", Type::text, restart},
      {"host-gateway-ips", Type::texts, restart, 28, 0, "host-gateway-ip"},
      {"hosts", Type::texts, restart, 0, 0, "host"},
      {"http-proxy", Type::text, restart, 23},
      {"https-proxy", Type::text, restart, 23},
      {"icc", Type::boolean, restart},
      {"init", Type::boolean, restart},
      {"init-path", Type::text, restart},
      {"insecure-registries", Type::texts, reload, 0, 0, "insecure-registry"},
      {"ip", Type::text, restart},
      {"ip-forward", Type::boolean, restart},
      {"ip-forward-no-drop", Type::boolean, restart, 28},
      {"ip-masq", Type::boolean, restart},
      {"ip6tables", Type::boolean, restart},
      {"iptables", Type::boolean, restart},
      {"ipv6", Type::boolean, restart},
      {"labels", Type::texts, reload, 0, 0, "label"},
      {"live-restore", Type::boolean, reload},
      {"log-driver", Type::text, restart},
      {"log-format", Type::text, restart, 24},
      {"log-level", Type::text, restart},
      {"log-opts", Type::text_map, restart, 0, 0, "log-opt"},
      {"max-concurrent-downloads", Type::whole, reload},
      {"max-concurrent-uploads", Type::whole, reload},
      {"max-download-attempts", Type::whole, reload},
      {"metrics-addr", Type::text, restart},
      {"min-api-version", Type::text, restart, 25},
      {"mtu", Type::whole, restart},
      {"network-control-plane-mtu", Type::whole, restart},
      {"network-diagnostic-port", Type::whole, reload},
      {"no-new-privileges", Type::boolean, restart},
      {"no-proxy", Type::text, restart, 23},
      {"node-generic-resources", Type::texts, restart, 0, 0, "node-generic-resource"},
      {"nri-opts", Type::object, reload, 29},
      {"oom-score-adjust", Type::whole, restart},
      {"pidfile", Type::text, restart},
      {"proxies", Type::object, restart, 23},
      {"raw-logs", Type::boolean, restart},
      {"registry-mirrors", Type::texts, reload, 0, 0, "registry-mirror"},
      {"rootless", Type::boolean, restart},
      {"runtimes", Type::object_map, reload, 0, 0, "add-runtime"},
      {"seccomp-profile", Type::text, restart},
      {"selinux-enabled", Type::boolean, restart},
      {"shutdown-timeout", Type::whole, reload},
      {"storage-driver", Type::text, restart},
      {"storage-opts", Type::texts, restart, 0, 0, "storage-opt"},
      {"swarm-default-advertise-addr", Type::text, restart},
      {"tls", Type::boolean, restart},
      {"tlscacert", Type::text, restart},
      {"tlscert", Type::text, restart},
      {"tlskey", Type::text, restart},
      {"tlsopts", Type::object, restart},
      {"tlsverify", Type::boolean, restart},
      {"userland-proxy", Type::boolean, restart},
      {"userland-proxy-path", Type::text, restart},
      {"userns-remap", Type::text, restart},
  };
}

constexpr std::array<std::string_view, 8> flat_keys = {"cluster-store-opts",
                                                       "default-network-opts",
                                                       "log-opts",
                                                       "runtimes",
                                                       "default-ulimits",
                                                       "features",
                                                       "builder",
                                                       "nri-opts"};

bool known_to(const DaemonKey& key, const EngineRelease& engine) {
  if (!engine.known) return true;
  return engine.at_least(key.since) && (key.until == 0 || !engine.at_least(key.until));
}

Problem unknown_key(const JsonMember& member, std::string_view text, const EngineRelease& engine) {
  const auto [line, column] = line_and_column(text, member.key_begin);
  Problem problem{
      "/" + replace_all(replace_all(member.key, "~", "~0"), "/", "~1"), line, column,
      "the following directives don't match any configuration option: " + visible(member.key), ""};
  if (const DaemonKey* key = find_daemon_key(member.key)) {
    problem.hint = engine.at_least(key->since)
                       ? "engines from " + std::to_string(key->until) + " on do not have it"
                       : "it needs engine " + std::to_string(key->since);
    return problem;
  }
  std::vector<std::string> names;
  for (const DaemonKey& key : daemon_keys()) names.emplace_back(key.name);
  if (const auto near = nearest(member.key, names))
    problem.hint = "did you mean \"" + *near + "\"?";
  return problem;
}

}  // namespace

EngineRelease parse_engine_release(std::string_view text) {
  if (starts_with(text, "v")) text.remove_prefix(1);
  const std::size_t dot = text.find_first_not_of("0123456789");
  const auto major = parse_integer(text.substr(0, dot), 1, 9999);
  if (!major) return {};
  EngineRelease release{static_cast<int>(*major), 0, true};
  if (dot == std::string_view::npos || text[dot] != '.') return release;
  const std::string_view rest = text.substr(dot + 1);
  const auto minor = parse_integer(rest.substr(0, rest.find_first_not_of("0123456789")), 0, 9999);
  release.minor = static_cast<int>(minor.value_or(0));
  return release;
}

const std::vector<DaemonKey>& daemon_keys() {
  static const std::vector<DaemonKey> keys = make_keys();
  return keys;
}

const DaemonKey* find_daemon_key(std::string_view name) {
  const auto& keys = daemon_keys();
  const auto found = std::lower_bound(
      keys.begin(), keys.end(), name,
      [](const DaemonKey& key, std::string_view wanted) { return key.name < wanted; });
  return found != keys.end() && found->name == name ? &*found : nullptr;
}

bool is_flattened(std::string_view key, const JsonNode& value) {
  return value.is(JsonNode::Kind::object) &&
         std::find(flat_keys.begin(), flat_keys.end(), key) == flat_keys.end();
}

std::vector<Problem> unknown_daemon_keys(const JsonNode& root, std::string_view text,
                                         const EngineRelease& engine) {
  std::vector<Problem> problems;
  for (const JsonMember& member : root.members) {
    const DaemonKey* key = find_daemon_key(member.key);
    if (is_flattened(member.key, member.value)) {
      // dockerd flattens such an object: its inner keys must be options.
      const auto inner = unknown_daemon_keys(member.value, text, engine);
      problems.insert(problems.end(), inner.begin(), inner.end());
      continue;
    }
    if (key && known_to(*key, engine)) continue;
    problems.push_back(unknown_key(member, text, engine));
  }
  return problems;
}

}  // namespace dtenv
