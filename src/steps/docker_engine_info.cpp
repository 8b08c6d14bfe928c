#include "steps/docker_engine_info.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"
#include "formats/registry_mirror.hpp"

namespace dtenv {

namespace {

const json::value* at(const json::value& value, std::string_view pointer) {
  boost::system::error_code absent;
  return value.find_pointer(pointer, absent);
}

std::string text_at(const json::value& value, std::string_view pointer) {
  const json::value* found = at(value, pointer);
  return found && found->is_string() ? std::string(found->as_string()) : "";
}

bool true_at(const json::value& value, std::string_view pointer) {
  const json::value* found = at(value, pointer);
  return found && found->is_bool() && found->as_bool();
}

std::vector<std::string> texts_at(const json::value& value, std::string_view pointer) {
  std::vector<std::string> texts;
  const json::value* found = at(value, pointer);
  if (!found || !found->is_array()) return texts;
  for (const json::value& item : found->as_array())
    if (item.is_string()) texts.emplace_back(item.as_string());
  return texts;
}

bool has(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

/// dockerd takes "http://r:5000" as "r:5000".
std::string without_scheme(const std::string& registry) {
  const std::size_t scheme = registry.find("://");
  return scheme == std::string::npos ? registry : registry.substr(scheme + 3);
}

/// Compares one file with one daemon.
class Comparison {
 public:
  Comparison(const JsonNode& file, const EngineInfo& info, const std::vector<std::string>& keys)
      : file_(file), info_(info), keys_(keys) {}

  std::vector<std::string> run() {
    mirrors();
    runtimes();
    if (const JsonNode* name = wanted("default-runtime"))
      if (!name->text.empty() && name->text != info_.default_runtime)
        say("default-runtime is " + info_.default_runtime + ", not " + name->text);
    if (const JsonNode* on = wanted("live-restore"))
      if ((on->text == "true") != info_.live_restore)
        say(std::string("live-restore is ") + (info_.live_restore ? "on" : "off"));
    if (const JsonNode* list = wanted("insecure-registries"))
      for (const JsonNode& item : list->items)
        if (!has(info_.insecure, without_scheme(item.text)))
          say("insecure-registries lacks " + item.text);
    return std::move(differences_);
  }

 private:
  const JsonNode* wanted(const std::string& key) const {
    const JsonMember* member = file_.find(key);
    return member && (keys_.empty() || has(keys_, key)) ? &member->value : nullptr;
  }
  void say(std::string what) { differences_.push_back(std::move(what)); }

  void mirrors() {
    const JsonNode* list = wanted("registry-mirrors");
    if (!list) return;
    std::vector<std::string> want;
    for (const JsonNode& item : list->items) want.push_back(normal_mirror(item.text));
    std::vector<std::string> have;
    for (const std::string& url : info_.mirrors) have.push_back(normal_mirror(url));
    for (const std::string& url : want)
      if (!has(have, url)) say("registry-mirrors lacks " + url);
    for (const std::string& url : have)
      if (!has(want, url)) say("registry-mirrors still has " + url);
  }

  void runtimes() {
    const JsonNode* map = wanted("runtimes");
    if (!map) return;
    for (const JsonMember& member : map->members) {
      const auto found = info_.runtimes.find(member.key);
      const JsonMember* path = member.value.find("path");
      if (found == info_.runtimes.end())
        say("runtimes lacks " + member.key);
      else if (path && path->value.text != found->second)
        say("runtime " + member.key + " is " + found->second + ", not " + path->value.text);
    }
  }

  const JsonNode& file_;
  const EngineInfo& info_;
  const std::vector<std::string>& keys_;
  std::vector<std::string> differences_;
};

}  // namespace

EngineInfo read_engine_info(const json::value& info) {
  EngineInfo engine;
  engine.version = text_at(info, "/ServerVersion");
  engine.mirrors = texts_at(info, "/RegistryConfig/Mirrors");
  engine.default_runtime = text_at(info, "/DefaultRuntime");
  engine.live_restore = true_at(info, "/LiveRestoreEnabled");
  engine.swarm = text_at(info, "/Swarm/LocalNodeState") == "active";
  engine.insecure = texts_at(info, "/RegistryConfig/InsecureRegistryCIDRs");
  const json::value* running = at(info, "/ContainersRunning");
  if (running && running->is_int64()) engine.running = static_cast<int>(running->as_int64());
  const json::value* indexes = at(info, "/RegistryConfig/IndexConfigs");
  if (indexes && indexes->is_object())
    for (const auto& [name, config] : indexes->as_object())
      if (!true_at(config, "/Secure")) engine.insecure.emplace_back(name);
  const json::value* runtimes = at(info, "/Runtimes");
  if (runtimes && runtimes->is_object())
    for (const auto& [name, runtime] : runtimes->as_object())
      engine.runtimes[std::string(name)] = text_at(runtime, "/path");
  return engine;
}

std::vector<std::string> not_in_force(const JsonNode& file, const EngineInfo& info,
                                      const std::vector<std::string>& keys) {
  return Comparison(file, info, keys).run();
}

}  // namespace dtenv
