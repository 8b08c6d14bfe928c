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

std::string fingerprint_of(std::string_view text) {
  std::string print = replace_all(text, " ", "");
  std::transform(print.begin(), print.end(), print.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return print;
}

void check_key(JsonReader& reader, const DockerConfig::Repository& repository) {
  if (repository.key.empty()) return;
  if (!repository.key_url.empty()) reader.problem("key", "both key and key_url are given");
  const auto prints = openpgp_fingerprints(repository.key);
  if (!prints)
    reader.problem("key", prints.error().message);
  else if (!repository.fingerprint.empty() &&
           std::find(prints->begin(), prints->end(), repository.fingerprint) == prints->end())
    reader.problem("key", "the key's fingerprint is " + join(*prints, ", ") + ", not " +
                              repository.fingerprint);
}

DockerConfig::Repository parse_repository(JsonReader& parent) {
  DockerConfig::Repository to;
  auto reader = parent.object("repository");
  if (!reader) return to;
  to.url = reader->string_or("url", "");
  if (!to.url.empty() && !starts_with(to.url, "https://") && !starts_with(to.url, "http://") &&
      !starts_with(to.url, "file:///"))
    reader->problem("url", "a URL with https://, http:// or file:/// expected");
  to.key_url = reader->string_or("key_url", "");
  if (!to.key_url.empty() && !starts_with(to.key_url, "https://") &&
      !starts_with(to.key_url, "file:///"))
    reader->problem("key_url", "a URL with https:// or file:/// expected");
  to.key = reader->string_or("key", "");
  to.fingerprint = fingerprint_of(reader->string_or("fingerprint", ""));
  if (!to.fingerprint.empty() &&
      (to.fingerprint.size() != 40 ||
       to.fingerprint.find_first_not_of("0123456789ABCDEF") != std::string::npos))
    reader->problem("fingerprint", "40 hex digits expected, the whole fingerprint of the key");
  check_key(*reader, to);
  to.suite = reader->string_or("suite", "");
  to.component = reader->string_or("component", "");
  for (const char* key : {"url", "key_url", "suite", "component"})
    if (reader->string_or(key, "").find_first_of(" \t\n") != std::string::npos)
      reader->problem(key, "a blank in it");
  reader->finish();
  return to;
}

std::string parse_folder(JsonReader& reader) {
  std::string folder = reader.string_or("packages", "");
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  if (!folder.empty() && !is_absolute(folder))
    reader.problem("packages", "an absolute path of a folder without \"..\" expected");
  return folder;
}

DockerConfig::Install parse_install(JsonReader& reader) {
  return reader.one_of("install", {"never", "if_missing"}, "if_missing") == "never"
             ? DockerConfig::Install::never
             : DockerConfig::Install::if_missing;
}

void parse_toolkit(JsonReader& parent, Config& config) {
  auto reader = parent.object("nvidia_toolkit");
  if (!reader) return;
  auto& to = config.toolkit;
  to.wanted = true;
  to.install = parse_install(*reader);
  to.everywhere = reader->one_of("machines", {"with_gpu", "all"}, "with_gpu") == "all";
  to.repository = parse_repository(*reader);
  to.folder = parse_folder(*reader);
  reader->finish();
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
  config.install = parse_install(reader);
  if (reader.one_of("source", {"distribution", "docker-ce"}, "distribution") == "docker-ce")
    config.source = Source::docker_ce;
  config.repository = parse_repository(reader);
  config.folder = parse_folder(reader);
  config.lock_timeout = reader.duration_or("lock_timeout", config.lock_timeout);
  parse_toolkit(reader, config);
  parse_mirrors(reader, config);
  parse_runtimes(reader, config);
  config.insecure_registries = reader.string_or_strings("insecure_registries");
  config.live_restore = reader.boolean("live_restore");
  config.cdi = reader.boolean_or("cdi", false);
  parse_options(reader, config);
  config.config_file = reader.string_or("config_file", "");
  if (!config.config_file.empty() && !is_absolute(config.config_file))
    reader.problem("config_file", "an absolute path of a file without \"..\" expected");
  return config;
}

}  // namespace dtenv
