#include "formats/daemon_json_actions.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "formats/json_layout.hpp"
#include "formats/registry_mirror.hpp"

namespace dtenv {

namespace {

using Kind = JsonNode::Kind;

Error bad(std::string message, std::string hint = {}) {
  Problem problem{"", 0, 0, message, std::move(hint)};
  return {Status::config, "daemon.json: " + message, {std::move(problem)}};
}

std::string json_list(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(quote_json(word));
  return "[" + join(quoted, ", ") + "]";
}

Result<void> runtime_name(const std::string& name) {
  if (name == "runc") return bad("runtime name 'runc' is reserved");
  const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '/';
  });
  if (!good) return bad("\"" + visible(name) + "\" cannot be a runtime's name");
  return {};
}

Result<void> add_runtime(JsonText& text, const DaemonJsonAction& action,
                         std::vector<std::string>& remarks) {
  DT_TRY(runtime_name(action.name));
  if (action.path.empty())
    return bad("runtime " + action.name + ": either a runtimeType or a path must be configured");
  const JsonNode* present = text.find({"runtimes", action.name});
  if (!present) {
    const JsonNode* runtimes = text.find({"runtimes"});
    // A null map takes no member; the daemon reads it as none.
    if (runtimes && runtimes->is(Kind::null)) {
      DT_TRY(text.set({"runtimes"}, "{}"));
    }
    return text.set({"runtimes", action.name}, "{\"path\":" + quote_json(action.path) +
                                                   ",\"runtimeArgs\":" + json_list(action.args) +
                                                   "}");
  }
  if (present->find("runtimeType"))
    return bad("runtime " + action.name + ": cannot configure both",
               "it has a runtimeType in the file: remove that, or choose another name");
  const JsonMember* path = present->find("path");
  if (path && path->value.text == action.path) return {};
  remarks.push_back("runtimes/" + action.name + ": path " +
                    (path ? visible(path->value.text) : "absent") + " → " + visible(action.path) +
                    ", its other settings kept");
  return text.set({"runtimes", action.name, "path"}, quote_json(action.path));
}

Result<void> remove_runtime(JsonText& text, const DaemonJsonAction& action) {
  DT_TRY(runtime_name(action.name));
  if (!text.find({"runtimes", action.name})) return {};
  const JsonNode* standard = text.find({"default-runtime"});
  if (standard && standard->text == action.name) {
    DT_TRY(text.set({"default-runtime"}, "\"runc\""));
  }
  DT_TRY(text.remove({"runtimes", action.name}));
  // An empty map ends engines up to 24 at the next reload: better no key at all.
  if (text.find({"runtimes"})->members.empty()) return text.remove({"runtimes"});
  return {};
}

Result<void> check_mirrors(const DaemonJsonAction& action, const EngineRelease& engine,
                           std::vector<std::string>& remarks) {
  Error error{Status::config, ""};
  for (std::size_t i = 0; i < action.urls.size(); ++i) {
    const auto checked = check_mirror(action.urls[i], engine);
    if (!checked)
      error.detail.push_back({"/urls/" + std::to_string(i), 0, 0, checked.error().message, ""});
    if (auto warning = mirror_warning(action.urls[i])) remarks.push_back(std::move(*warning));
  }
  if (error.detail.empty()) return {};
  error.message = "daemon.json: " + error.detail.front().problem;
  return error;
}

std::vector<std::string> present_mirrors(const JsonText& text) {
  std::vector<std::string> mirrors;
  if (const JsonNode* array = text.find({"registry-mirrors"}))
    for (const JsonNode& item : array->items) mirrors.push_back(normal_mirror(item.text));
  return mirrors;
}

Result<void> add_mirrors(JsonText& text, const DaemonJsonAction& action) {
  const JsonNode* array = text.find({"registry-mirrors"});
  if (array && array->is(Kind::null)) {
    DT_TRY(text.set({"registry-mirrors"}, "[]"));
  }
  const auto present = present_mirrors(text);
  std::set<std::string> seen(present.begin(), present.end());
  for (const std::string& url : action.urls)
    if (seen.insert(normal_mirror(url)).second) {
      DT_TRY(text.append({"registry-mirrors"}, quote_json(url)));
    }
  return {};
}

Result<void> set_mirrors(JsonText& text, const DaemonJsonAction& action) {
  std::vector<std::string> wanted;
  std::vector<std::string> normal;
  for (const std::string& url : action.urls) {
    if (std::find(normal.begin(), normal.end(), normal_mirror(url)) != normal.end()) continue;
    wanted.push_back(url);
    normal.push_back(normal_mirror(url));
  }
  if (normal == present_mirrors(text)) return {};
  // Never remove the key: a reload keeps the old mirrors then; an empty list clears them.
  return text.set({"registry-mirrors"}, json_list(wanted));
}

Result<void> enable_cdi(JsonText& text, const EngineRelease& engine,
                        std::vector<std::string>& remarks) {
  const JsonNode* cdi = text.find({"features", "cdi"});
  const bool off = cdi && cdi->text != "true";
  if (engine.at_least(28, 2) && !off) return {};
  if (!engine.at_least(25)) remarks.push_back("features/cdi: engines before 25 do not act on it");
  const JsonNode* features = text.find({"features"});
  if (features && features->is(Kind::null)) {
    DT_TRY(text.set({"features"}, "{}"));
  }
  return text.set({"features", "cdi"}, "true");
}

/// Entries of an array of strings that it does not have yet.
Result<void> add_texts(JsonText& text, const DaemonJsonAction& action) {
  for (const std::string& entry : action.urls) {
    const JsonNode* array = text.find(action.pointer);
    const bool there =
        array && std::any_of(array->items.begin(), array->items.end(),
                             [&](const JsonNode& item) { return item.text == entry; });
    if (there) continue;
    DT_TRY(text.append(action.pointer, quote_json(entry)));
  }
  return {};
}

Result<void> set_value(JsonText& text, const DaemonJsonAction& action) {
  const std::string& top = action.pointer.front();
  if (!find_daemon_key(top)) {
    std::vector<std::string> names;
    for (const DaemonKey& key : daemon_keys()) names.emplace_back(key.name);
    const auto near = nearest(top, names);
    return bad("the following directives don't match any configuration option: " + visible(top),
               near ? "did you mean \"" + *near + "\"?" : "keys are case-sensitive");
  }
  return text.set(action.pointer, action.json);
}

}  // namespace

Result<void> act_on_daemon_json(JsonText& text, const DaemonJsonAction& action,
                                const EngineRelease& engine, std::vector<std::string>& remarks) {
  using Op = DaemonJsonAction::Op;
  switch (action.op) {
    case Op::add_runtime:
      return add_runtime(text, action, remarks);
    case Op::remove_runtime:
      return remove_runtime(text, action);
    case Op::set_default_runtime:
      if (action.name.empty()) return bad("the default runtime's name is empty");
      // The name is looked up once all actions are done: its runtime may be added after this one.
      return text.set({"default-runtime"}, quote_json(action.name));
    case Op::add_mirrors:
    case Op::set_mirrors: {
      DT_TRY(check_mirrors(action, engine, remarks));
      return action.op == Op::add_mirrors ? add_mirrors(text, action) : set_mirrors(text, action);
    }
    case Op::enable_cdi:
      return enable_cdi(text, engine, remarks);
    case Op::add_texts:
      return add_texts(text, action);
    case Op::set:
      return set_value(text, action);
  }
  return {};
}

}  // namespace dtenv
