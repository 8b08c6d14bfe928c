#include "formats/daemon_json_members.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "base/units.hpp"

namespace dtenv {
namespace {

using Kind = JsonNode::Kind;
using Type = DaemonKeyType;

/// `path`: names as they are written, "*" for any name or index.
struct Member {
  std::string_view path;
  Type type;
  int since = 0;
};

constexpr std::array<Member, 31> member_table = {{
    {"builder/gc", Type::object},
    {"builder/gc/enabled", Type::boolean},
    {"builder/gc/defaultKeepStorage", Type::text},
    {"builder/gc/defaultReservedSpace", Type::text, 28},
    {"builder/gc/defaultMaxUsedSpace", Type::text, 28},
    {"builder/gc/defaultMinFreeSpace", Type::text, 28},
    {"builder/gc/policy", Type::objects},
    {"builder/gc/policy/*/all", Type::boolean},
    {"builder/gc/policy/*/keepStorage", Type::text},
    {"builder/gc/policy/*/reservedSpace", Type::text, 28},
    {"builder/gc/policy/*/maxUsedSpace", Type::text, 28},
    {"builder/gc/policy/*/minFreeSpace", Type::text, 28},
    {"builder/gc/policy/*/filter", Type::texts},
    {"builder/entitlements", Type::object},
    {"builder/entitlements/network-host", Type::boolean},
    {"builder/entitlements/security-insecure", Type::boolean},
    {"builder/entitlements/device", Type::object, 28},
    {"default-address-pools/*/base", Type::text},
    {"default-address-pools/*/size", Type::whole},
    {"default-network-opts/*/*", Type::text},
    {"default-ulimits/*/Name", Type::text},
    {"default-ulimits/*/Hard", Type::whole},
    {"default-ulimits/*/Soft", Type::whole},
    {"nri-opts/enable", Type::boolean},
    {"nri-opts/plugin-path", Type::text},
    {"nri-opts/plugin-config-path", Type::text},
    {"nri-opts/socket-path", Type::text},
    {"runtimes/*/path", Type::text},
    {"runtimes/*/runtimeArgs", Type::texts},
    {"runtimes/*/runtimeType", Type::text, 23},
    {"runtimes/*/options", Type::object, 23},
}};

/// What stands below is the runtime's or the device's own.
bool is_free(std::string_view path) {
  return path == "builder/entitlements/device" || path == "runtimes/*/options";
}

/// The names that may stand in the object at `path`, "*" where any may; none: nothing is known.
std::vector<std::string> names_in(const std::string& path, const EngineRelease& engine) {
  std::vector<std::string> names;
  for (const Member& member : member_table) {
    if (!starts_with(member.path, path + "/") || !engine.at_least(member.since)) continue;
    std::string_view name = member.path.substr(path.size() + 1);
    name = name.substr(0, name.find('/'));
    if (names.empty() || names.back() != name) names.emplace_back(name);
  }
  return names;
}

/// As Go finds a member: in any case of letters.
std::optional<std::string> same_name(const std::vector<std::string>& names, std::string_view name) {
  for (const std::string& one : names)
    if (one == "*" || lower(one) == lower(name)) return one;
  return std::nullopt;
}

struct LogDriver {
  std::string_view name;
  std::vector<std::string> options;
  std::string_view called;  ///< as its complaint ends
};

const std::vector<LogDriver>& log_drivers() {
  static const std::vector<LogDriver> drivers = {
      {"json-file",
       {"compress", "env", "env-regex", "labels", "labels-regex", "max-file", "max-size", "tag"},
       "json-file log driver"},
      {"local", {"compress", "max-file", "max-size"}, "log driver local"},
      {"journald", {"env", "env-regex", "labels", "labels-regex", "tag"}, "journald log driver"}};
  return drivers;
}

class Walk {
 public:
  explicit Walk(const EngineRelease& engine) : engine_(engine) {}

  DaemonMembers found;

  void root(const JsonNode& root) {
    for (const JsonMember& member : root.members)
      if (!names_in(member.key, engine_).empty()) inside(member.value, {member.key}, member.key);
    log_opts(root);
  }

 private:
  void fault(const JsonNode& at, JsonPath path, std::string problem, std::string hint = {}) {
    found.faults.push_back({&at, std::move(path), std::move(problem), std::move(hint)});
  }

  /// What stands in an object or a list.
  void inside(const JsonNode& value, const JsonPath& path, const std::string& place) {
    const auto names = names_in(place, engine_);
    JsonPath below = path;
    below.emplace_back();
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      below.back() = std::to_string(i);
      one(value.items[i], below, place + "/*");
    }
    for (const JsonMember& member : value.members) {
      below.back() = member.key;
      if (const auto name = same_name(names, member.key)) {
        one(member.value, below, place + "/" + *name);
      } else {
        const auto near = nearest(member.key, names);
        found.ignored.push_back({&member.value, below,
                                 "the daemon passes \"" + visible(member.key) + "\" over",
                                 near ? "did you mean \"" + *near + "\"?" : ""});
      }
    }
  }

  void one(const JsonNode& value, const JsonPath& path, const std::string& place) {
    if (value.is(Kind::null)) return;
    for (const Member& member : member_table) {
      if (member.path != place || !engine_.at_least(member.since)) continue;
      auto faults = type_faults(member.type, value, path);
      if (!faults.empty()) {
        std::move(faults.begin(), faults.end(), std::back_inserter(found.faults));
        return;
      }
    }
    rule(place, value, path);
    if (!is_free(place)) inside(value, path, place);
  }

  void rule(const std::string& place, const JsonNode& value, const JsonPath& path) {
    if (ends_with(place, "Storage") || ends_with(place, "Space")) space(value, path);
    if (place == "builder/gc/policy/*/filter") filters(value, path);
    if (place == "builder/gc/policy/*" && !engine_.at_least(28) && !value.find("keepStorage"))
      fault(value, path, "invalid size: ''", "give \"keepStorage\": engines before 28 want it");
    if (place == "default-address-pools/*" && value.is(Kind::object)) pool(value, path);
  }

  /// A size; from 28 on also a percentage of the disk.
  void space(const JsonNode& value, const JsonPath& path) {
    if (value.text.empty() || (engine_.at_least(28) && ends_with(value.text, "%"))) return;
    if (!parse_size(value.text)) fault(value, path, "invalid size: '" + visible(value.text) + "'");
  }

  /// 20.10 dies of one without "=", with a trace of its stack.
  void filters(const JsonNode& value, JsonPath path) {
    path.emplace_back();
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      path.back() = std::to_string(i);
      if (!contains(value.items[i].text, "="))
        fault(value.items[i], path,
              "invalid filter '" + visible(value.items[i].text) + "': NAME=VALUE expected");
    }
  }

  void pool(const JsonNode& value, const JsonPath& path) {
    const auto field = [&](std::string_view name) -> const JsonNode* {
      for (const JsonMember& member : value.members)
        if (lower(member.key) == name) return &member.value;
      return nullptr;
    };
    const JsonNode* base = field("base");
    const JsonNode* size = field("size");
    if ((base && !base->is(Kind::string)) || (size && !size->is(Kind::number))) return;
    const std::string text = base ? base->text : "";
    const std::size_t slash = text.find('/');
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    const std::string address = text.substr(0, slash);
    const bool v4 = inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
    const bool v6 = inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
    const int most = v4 ? 32 : 128;
    const auto prefix = slash == std::string::npos
                            ? std::nullopt
                            : parse_integer(std::string_view(text).substr(slash + 1), 0, most);
    if (!(v4 || v6) || !prefix)
      return fault(base ? *base : value, path,
                   "invalid base pool \"" + visible(text) + "\": invalid CIDR address");
    const auto wanted = size ? parse_integer(size->text, 0, most) : std::optional<std::int64_t>(0);
    if (!wanted || *wanted < *prefix || *wanted == 0)
      fault(size ? *size : value, path,
            "invalid pools size: " + (size ? visible(size->text) : std::string("0")),
            "from " + std::to_string(std::max<std::int64_t>(*prefix, 1)) + " to " +
                std::to_string(most));
  }

  void log_opts(const JsonNode& root) {
    const JsonMember* options = root.find("log-opts");
    const JsonMember* driver = root.find("log-driver");
    if (!options || !driver || !options->value.is(Kind::object)) return;
    std::string mode;
    if (const JsonMember* member = options->value.find("mode")) mode = member->value.text;
    const auto& drivers = log_drivers();
    const auto known = std::find_if(drivers.begin(), drivers.end(), [&](const LogDriver& one) {
      return one.name == driver->value.text;
    });
    if (known == drivers.end()) return;
    for (const JsonMember& member : options->value.members) {
      const JsonPath path = {"log-opts", member.key};
      if (member.key == "mode") {
        if (!mode.empty() && mode != "blocking" && mode != "non-blocking")
          fault(member.value, path, "logger: logging mode not supported: " + visible(mode));
      } else if (member.key == "max-buffer-size") {
        if (mode != "non-blocking")
          fault(member.value, path,
                "logger: max-buffer-size option is only supported with 'mode=non-blocking'");
      } else if (!starts_with(member.key, "cache-") &&
                 std::find(known->options.begin(), known->options.end(), member.key) ==
                     known->options.end()) {
        const auto near = nearest(member.key, known->options);
        fault(member.value, path,
              "unknown log opt '" + visible(member.key) + "' for " + std::string(known->called),
              near ? "did you mean \"" + *near + "\"?" : "");
      }
    }
  }

  const EngineRelease& engine_;
};

}  // namespace

DaemonMembers check_daemon_members(const JsonNode& root, const EngineRelease& engine) {
  Walk walk(engine);
  walk.root(root);
  return std::move(walk.found);
}

}  // namespace dtenv
