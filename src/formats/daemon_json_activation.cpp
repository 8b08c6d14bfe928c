#include "formats/daemon_json_activation.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "formats/daemon_flags.hpp"

namespace dtenv {

namespace {

using Kind = JsonNode::Kind;
using Flags = std::map<std::string, std::vector<std::string>>;

/// With one of these changed, live-restore cannot give the containers back after the restart.
constexpr std::array<std::string_view, 18> breaks_live_restore = {"bip",
                                                                  "bip6",
                                                                  "bridge",
                                                                  "cgroup-parent",
                                                                  "containerd",
                                                                  "containerd-namespace",
                                                                  "data-root",
                                                                  "exec-opts",
                                                                  "exec-root",
                                                                  "fixed-cidr",
                                                                  "fixed-cidr-v6",
                                                                  "graph",
                                                                  "iptables",
                                                                  "ipv6",
                                                                  "default-address-pools",
                                                                  "storage-driver",
                                                                  "storage-opts",
                                                                  "userns-remap"};

struct KeyChange {
  std::string key;
  const JsonNode* before;  ///< nullptr: absent
  const JsonNode* after;
};

void gather(const JsonNode& before, const JsonNode& after, std::vector<KeyChange>& changes) {
  for (const JsonMember& member : after.members) {
    const JsonMember* old = before.find(member.key);
    if (old && same_json(old->value, member.value)) continue;
    if (!find_daemon_key(member.key) && is_flattened(member.key, member.value) && old &&
        old->value.is(Kind::object))
      gather(old->value, member.value, changes);
    else
      changes.push_back({member.key, old ? &old->value : nullptr, &member.value});
  }
  for (const JsonMember& member : before.members)
    if (!after.find(member.key)) changes.push_back({member.key, &member.value, nullptr});
}

std::string show(const JsonText& text, const JsonNode* node) {
  if (!node) return "absent";
  std::string shown;
  for (const char c : text.text().substr(node->begin, node->end - node->begin))
    if (c != '\n' && c != '\r' && c != '\t' && !(c == ' ' && ends_with(shown, " "))) shown += c;
  return visible(shown, 120);
}

/// As Go prints it, and so dockerd: [tcp://a tcp://b], map[max-size:10m].
std::string as_go(const JsonNode& value) {
  std::vector<std::string> parts;
  for (const JsonNode& item : value.items) parts.push_back(as_go(item));
  for (const JsonMember& member : value.members)
    parts.push_back(member.key + ":" + as_go(member.value));
  std::sort(parts.begin(), value.is(Kind::object) ? parts.end() : parts.begin());
  if (value.is(Kind::array)) return "[" + join(parts, " ") + "]";
  if (value.is(Kind::object)) return "map[" + join(parts, " ") + "]";
  return value.is(Kind::null) ? "<nil>" : value.text;
}

/// A flag's value, likewise.
std::string flag_as_go(const DaemonKey* key, std::vector<std::string> words) {
  using Type = DaemonKeyType;
  if (!key || key->type == Type::text || key->type == Type::boolean || key->type == Type::whole ||
      key->type == Type::size)
    return join(words, " ");
  if (key->type != Type::text_map && key->type != Type::boolean_map)
    return "[" + join(words, " ") + "]";
  std::sort(words.begin(), words.end());
  for (std::string& word : words) word.replace(std::min(word.find('='), word.size()), 1, ":");
  return "map[" + join(words, " ") + "]";
}

bool is_true(const JsonText& text, const Flags& flags, const std::string& key) {
  const JsonNode* value = text.find({key});
  if (value) return value->is(Kind::boolean) && value->text == "true";
  const auto flag = flags.find(key);
  return flag != flags.end() && flag->second.back() == "true";
}

std::string default_runtime(const JsonText& text, const Flags& flags) {
  const JsonNode* value = text.find({"default-runtime"});
  if (value && value->is(Kind::string) && !value->text.empty()) return value->text;
  const auto flag = flags.find("default-runtime");
  return flag == flags.end() ? "runc" : flag->second.back();
}

bool has_runtime(const JsonText& text, const Flags& flags, const std::string& name) {
  if (name == "runc" || contains(name, ".") || text.find({"runtimes", name})) return true;
  const auto added = flags.find("runtimes");
  return added != flags.end() &&
         std::any_of(added->second.begin(), added->second.end(),
                     [&](const std::string& word) { return starts_with(word, name + "="); });
}

/// Whether a reload takes a key that is gone from the file back to its default; most keep the
/// value.
bool resets(const DaemonKey& key) {
  constexpr std::array<std::string_view, 6> names = {"features",
                                                     "max-concurrent-downloads",
                                                     "max-concurrent-uploads",
                                                     "max-download-attempts",
                                                     "network-diagnostic-port",
                                                     "nri-opts"};
  return std::find(names.begin(), names.end(), key.name) != names.end();
}

/// Why one change needs a restart; empty: a reload does it.
std::string why_restart(const KeyChange& change, const EngineRelease& engine) {
  const DaemonKey* key = find_daemon_key(change.key);
  if (!key) return "not known to be reloadable";
  if (key->applied == DaemonKeyClass::restart) return "read at start only";
  if (!change.after && !resets(*key))
    return "a reload keeps the value of a key that is gone from the file";
  if (!change.after && change.key != "features") return "";
  const bool empty_runtimes = change.key == "runtimes" && change.after &&
                              (change.after->is(Kind::null) || change.after->members.empty());
  if (empty_runtimes && engine.at_least(25) && change.before)
    return "a reload keeps the runtimes that are gone";
  if (change.key != "features") return "";
  for (const char* name : {"cdi", "containerd-snapshotter", "buildkit"}) {
    const JsonMember* before = change.before ? change.before->find(name) : nullptr;
    const JsonMember* after = change.after ? change.after->find(name) : nullptr;
    const bool same = before && after ? same_json(before->value, after->value) : before == after;
    if (!same) return std::string(name) + " is read at start only";
  }
  return "";
}

/// Decides for one pair of files.
class Planner {
 public:
  Planner(const JsonText& before, const JsonText& after, const DaemonState& state)
      : before_(before),
        after_(after),
        state_(state),
        flags_(parse_daemon_flags(state.unit_flags)) {}

  ActivationPlan run() {
    gather(before_.root(), after_.root(), changes_);
    if (changes_.empty()) return {};
    for (const KeyChange& change : changes_) classify(change);
    killers();
    refusals();
    survival();
    return std::move(plan_);
  }

 private:
  void raise(Activation to, std::string reason) {
    plan_.activation = std::max(plan_.activation, to);
    plan_.reasons.push_back(std::move(reason));
  }

  void classify(const KeyChange& change) {
    plan_.changes.push_back(change.key + ": " + show(before_, change.before) + " → " +
                            show(after_, change.after));
    const std::string what = plan_.changes.back() + ": ";
    const std::string why = why_restart(change, state_.engine);
    if (why.empty())
      raise(Activation::reload, what + "applied by a reload (SIGHUP)");
    else
      raise(Activation::restart, what + why + ": restart");
  }

  void killers() {
    const std::string why = reload_killer(after_, state_.engine);
    killer_ = !why.empty();
    if (killer_) raise(Activation::restart, why + ": restart");
  }

  void refusals() {
    std::vector<std::string> conflicts;
    flag_conflicts(after_.root(), conflicts);
    if (!conflicts.empty())
      raise(Activation::refuse,
            "the following directives are specified both as a flag and in the configuration "
            "file: " +
                join(conflicts, ", "));
    const std::string runtime = default_runtime(after_, flags_);
    if (!has_runtime(after_, flags_, runtime))
      raise(Activation::refuse,
            "specified default runtime '" + visible(runtime) + "' does not exist");
    if (state_.swarm && is_true(after_, flags_, "live-restore"))
      raise(Activation::refuse,
            "--live-restore daemon configuration is incompatible with swarm mode");
    for (const Problem& unknown :
         unknown_daemon_keys(after_.root(), after_.text(), state_.engine)) {
      const std::string what = unknown.problem + " (line " + std::to_string(unknown.line) + ")";
      // A reload takes nothing of such a file, and says so in the daemon's log alone. An engine
      // that is newer than the table is asked itself before anything is written.
      if (state_.engine.known && state_.engine.at_least(newest_known_engine + 1))
        plan_.reasons.push_back(what + ", as far as dtenv knows: engine " +
                                std::to_string(state_.engine.major) + " has the last word");
      else
        raise(Activation::refuse, what);
    }
  }

  void flag_conflicts(const JsonNode& object, std::vector<std::string>& conflicts) {
    for (const JsonMember& member : object.members) {
      const DaemonKey* key = find_daemon_key(member.key);
      if (is_flattened(member.key, member.value) ||
          (key && key->type == DaemonKeyType::object && member.key != "builder"))
        flag_conflicts(member.value, conflicts);
      const auto flag = flags_.find(member.key);
      if (flag == flags_.end() || member.key == "runtimes") continue;
      const std::string given = flag_as_go(key, flag->second);
      conflicts.push_back(member.key + ": (from flag: " + given +
                          ", from file: " + visible(as_go(member.value), 120) + ")");
    }
  }

  void survival() {
    if (plan_.activation != Activation::restart) return;
    const bool broken = std::any_of(changes_.begin(), changes_.end(), [](const KeyChange& change) {
      return std::find(breaks_live_restore.begin(), breaks_live_restore.end(), change.key) !=
             breaks_live_restore.end();
    });
    const bool on = state_.live_restore.value_or(is_true(before_, flags_, "live-restore"));
    const bool restores = is_true(after_, flags_, "live-restore") && !state_.swarm && !broken;
    if (restores && killer_ && !on) {
      plan_.containers_survive = state_.running_containers == 0;
      return;
    }
    plan_.reload_first = restores && !on;
    plan_.containers_survive = restores || state_.running_containers == 0;
    if (plan_.reload_first)
      plan_.reasons.push_back(
          "live-restore: switched on by a reload first, so that the running "
          "containers outlive the restart");
    else if (!plan_.containers_survive)
      plan_.reasons.push_back("the restart ends " + std::to_string(state_.running_containers) +
                              " running container(s): live-restore is off" +
                              (broken ? " or cannot help with these changes" : ""));
  }

  const JsonText& before_;
  const JsonText& after_;
  const DaemonState& state_;
  Flags flags_;
  std::vector<KeyChange> changes_;
  bool killer_ = false;  ///< a reload of this file ends the daemon
  ActivationPlan plan_;
};

}  // namespace

std::string_view activation_name(Activation activation) {
  switch (activation) {
    case Activation::none:
      return "none";
    case Activation::reload:
      return "reload";
    case Activation::restart:
      return "restart";
    case Activation::refuse:
      return "refuse";
  }
  return "";
}

std::string reload_killer(const JsonText& file, const EngineRelease& engine) {
  // moby up to 24 dies of these on SIGHUP (nil map, nil runtime); a restart is safe.
  if (engine.known && engine.at_least(25)) return {};
  const JsonNode* runtimes = file.find({"runtimes"});
  if (!runtimes || !runtimes->members.empty()) return {};
  return std::string("runtimes: ") + (runtimes->is(Kind::null) ? "null" : "{}") +
         ": engines up to 24 panic on a reload with it";
}

ActivationPlan plan_activation(const JsonText& before, const JsonText& after,
                               const DaemonState& state) {
  return Planner(before, after, state).run();
}

}  // namespace dtenv
