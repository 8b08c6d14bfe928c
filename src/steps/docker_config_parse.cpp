// The document's half of DockerConfig: its options, read and checked.
#include <algorithm>

#include "formats/json_layout.hpp"
#include "formats/openpgp.hpp"
#include "formats/registry_mirror.hpp"
#include "steps/docker_config.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;

bool is_absolute(std::string_view path) {
  return starts_with(path, "/") && !ends_with(path, "/") &&
         !contains(std::string(path) + "/", "/../");
}

void parse_repository(JsonReader& reader, Config& config) {
  auto repository = reader.object("repository");
  if (!repository) return;
  auto& to = config.repository;
  to.url = repository->string_or("url", "");
  if (!to.url.empty() && !starts_with(to.url, "https://") && !starts_with(to.url, "http://") &&
      !starts_with(to.url, "file:///"))
    repository->problem("url", "a URL with https://, http:// or file:/// expected");
  to.key_url = repository->string_or("key_url", "");
  if (!to.key_url.empty() && !starts_with(to.key_url, "https://") &&
      !starts_with(to.key_url, "file:///"))
    repository->problem("key_url", "a URL with https:// or file:/// expected");
  to.key = repository->string_or("key", "");
  if (!to.key.empty() && !to.key_url.empty())
    repository->problem("key", "both key and key_url are given");
  const std::string print = repository->string_or("fingerprint", to.fingerprint);
  to.fingerprint = replace_all(print, " ", "");
  std::transform(to.fingerprint.begin(), to.fingerprint.end(), to.fingerprint.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (to.fingerprint.size() != 40 ||
      to.fingerprint.find_first_not_of("0123456789ABCDEF") != std::string::npos)
    repository->problem("fingerprint", "40 hex digits expected, the whole fingerprint of the key");
  to.suite = repository->string_or("suite", "");
  to.component = repository->string_or("component", to.component);
  for (const char* key : {"suite", "component"})
    if (repository->string_or(key, "").find_first_of(" \t\n") != std::string::npos)
      repository->problem(key, "a blank in it");
  repository->finish();
}

void parse_mirrors(JsonReader& reader, Config& config) {
  config.mirrors = reader.string_or_strings("registry_mirrors");
  config.replace_mirrors = reader.boolean_or("replace_mirrors", false);
  for (const std::string& url : config.mirrors)
    // The engine's version is not known yet: only what no engine takes is a problem here.
    if (const auto checked = check_mirror(url, EngineRelease{}); !checked)
      reader.problem("registry_mirrors", checked.error().message);
}

void parse_runtimes(JsonReader& reader, Config& config) {
  for (auto& [name, runtime] : reader.object_map("runtimes")) {
    DockerConfig::Runtime wanted;
    wanted.name = name;
    wanted.path = runtime.required_string("path");
    wanted.args = runtime.strings("args");
    if (name == "runc") runtime.problem({}, "runtime name 'runc' is reserved");
    if (name.empty() || name.find_first_of("/\"\\ \t\n") != std::string::npos)
      runtime.problem({}, "\"" + visible(name) + "\" cannot be a runtime's name");
    runtime.finish();
    config.runtimes.push_back(std::move(wanted));
  }
  config.default_runtime = reader.string_or("default_runtime", "");
}

/// {"log-driver": "local", "/log-opts/max-size": "10m"}: a key, or a pointer to a value below one.
void parse_options(JsonReader& reader, Config& config) {
  const JsonNode* options = reader.value("daemon_options");
  if (!options) return;
  if (!options->is(JsonNode::Kind::object)) {
    reader.problem("daemon_options", "an object expected");
    return;
  }
  for (const JsonMember& member : options->members) {
    JsonPath path = {member.key};
    if (starts_with(member.key, "/")) {
      const auto parsed = parse_json_pointer(member.key);
      path = parsed ? *parsed : JsonPath{};
    }
    if (path.empty() || !find_daemon_key(path.front())) {
      std::vector<std::string> names;
      for (const DaemonKey& key : daemon_keys()) names.emplace_back(key.name);
      const auto near = nearest(path.empty() ? member.key : path.front(), names);
      reader.problem("daemon_options", "\"" + visible(member.key) + "\" is no option of the daemon",
                     near ? "did you mean \"" + *near + "\"?" : "");
      continue;
    }
    // Written anew: the document may hold comments, daemon.json may not.
    config.options.emplace_back(std::move(path),
                                render_json(member.value, reader.text(), JsonLayout{}, "", false));
  }
}

}  // namespace

DockerConfig::Config DockerConfig::parse(JsonReader& reader) {
  Config config;
  if (reader.one_of("install", {"never", "if_missing"}, "if_missing") == "never")
    config.install = Install::never;
  if (reader.one_of("source", {"distribution", "docker-ce"}, "distribution") == "docker-ce")
    config.source = Source::docker_ce;
  parse_repository(reader, config);
  parse_mirrors(reader, config);
  parse_runtimes(reader, config);
  config.insecure_registries = reader.string_or_strings("insecure_registries");
  config.live_restore = reader.boolean("live_restore");
  config.cdi = reader.boolean_or("cdi", false);
  parse_options(reader, config);
  config.config_file = reader.string_or("config_file", "");
  if (!config.config_file.empty() && !is_absolute(config.config_file))
    reader.problem("config_file", "an absolute path of a file without \"..\" expected");
  if (!config.repository.key.empty()) {
    const auto prints = openpgp_fingerprints(config.repository.key);
    if (!prints)
      reader.problem("repository", prints.error().message);
    else if (std::find(prints->begin(), prints->end(), config.repository.fingerprint) ==
             prints->end())
      reader.problem("repository", "the key's fingerprint is " + join(*prints, ", ") + ", not " +
                                       config.repository.fingerprint);
  }
  return config;
}

}  // namespace dtenv
