// The document's half of ContainerRun: its options, read and checked.
#include <algorithm>

#include "formats/docker_run_options.hpp"
#include "formats/image_reference.hpp"
#include "steps/container_run.hpp"

namespace dtenv {

namespace {

/// Folders of the machine that would hand it over to whoever is in the container.
bool is_unsafe_mount(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  constexpr std::string_view own[] = {"/",
                                      "/etc",
                                      "/root",
                                      "/proc",
                                      "/sys",
                                      "/boot",
                                      "/dev",
                                      "/var",
                                      "/var/run",
                                      "/run",
                                      "/var/lib",
                                      "/var/lib/docker",
                                      "/run/docker.sock",
                                      "/var/run/docker.sock"};
  constexpr std::string_view within[] = {"/etc/", "/proc/", "/sys/", "/boot/", "/var/lib/docker/"};
  return std::find(std::begin(own), std::end(own), path) != std::end(own) ||
         std::any_of(std::begin(within), std::end(within),
                     [&](std::string_view folder) { return starts_with(path, folder); }) ||
         contains(path + "/", "/../") || contains(path, "//") || contains(path + "/", "/./");
}

void tell(JsonReader& reader, std::string_view key, const Error& error) {
  reader.problem(key, error.message, error.detail.empty() ? "" : error.detail.front().hint);
}

void text(JsonReader& reader, std::string_view key, std::string& field) {
  if (auto value = reader.string(key)) field = std::move(*value);
}

void texts(JsonReader& reader, std::string_view key, std::vector<std::string>& field) {
  if (reader.has(key)) field = reader.string_or_strings(key);
}

/// "2" and 2 alike.
std::optional<std::string> word_or_number(JsonReader& reader, std::string_view key) {
  const JsonNode* value = reader.value(key);
  if (value && value->is(JsonNode::Kind::number)) return value->text;
  return reader.string(key);
}

void parse_env(JsonReader& reader, ContainerSpec& spec) {
  for (const auto& [name, value] : reader.string_map("env")) {
    const std::string start = name + "=";
    const auto checked = contains(name, "=") ? check_env("=") : check_env(start + value);
    if (!checked) tell(reader, "env", checked.error());
    auto& env = spec.env;
    env.erase(std::remove_if(env.begin(), env.end(),
                             [&](const std::string& entry) { return starts_with(entry, start); }),
              env.end());
    env.push_back(start + value);
  }
}

void parse_volumes(JsonReader& reader, ContainerSpec& spec, bool unsafe_mounts) {
  if (!reader.has("volumes")) return;
  spec.volumes.clear();
  for (const std::string& word : reader.string_or_strings("volumes")) {
    auto volume = parse_volume(word);
    if (!volume) {
      tell(reader, "volumes", volume.error());
      continue;
    }
    if (volume->kind == VolumeOption::Kind::bind && !unsafe_mounts &&
        is_unsafe_mount(volume->source))
      reader.problem("volumes",
                     "\"" + visible(volume->source) + "\" would hand the machine to the container",
                     "mount a folder made for the data, or say \"unsafe_mounts\": true");
    for (const VolumeOption& other : spec.volumes)
      if (other.target == volume->target)
        reader.problem("volumes", "Duplicate mount point: " + visible(volume->target));
    spec.volumes.push_back(std::move(*volume));
  }
}

void parse_ports(JsonReader& reader, ContainerSpec& spec) {
  if (!reader.has("ports")) return;
  spec.ports.clear();
  for (const std::string& word : reader.string_or_strings("ports")) {
    const auto ports = parse_port_option(word);
    if (ports)
      spec.ports.insert(spec.ports.end(), ports->begin(), ports->end());
    else
      tell(reader, "ports", ports.error());
  }
}

void parse_devices(JsonReader& reader, ContainerSpec& spec) {
  if (reader.has("devices")) {
    spec.devices.clear();
    spec.cdi_devices.clear();
  }
  for (const std::string& word : reader.string_or_strings("devices")) {
    if (is_cdi_name(word)) {
      spec.cdi_devices.push_back(word);
      continue;
    }
    auto device = parse_device(word);
    if (device)
      spec.devices.push_back(std::move(*device));
    else
      tell(reader, "devices", device.error());
  }
  const auto gpus = word_or_number(reader, "gpus");
  if (!gpus) return;
  spec.gpus.clear();
  if (gpus->empty() || *gpus == "none") return;
  auto request = parse_gpus_of_document(*gpus);
  if (request)
    spec.gpus.push_back(std::move(*request));
  else
    tell(reader, "gpus", request.error());
}

void parse_ulimits(JsonReader& reader, ContainerSpec& spec) {
  if (reader.has("ulimits")) spec.ulimits.clear();
  for (const auto& [name, value] : reader.string_map("ulimits")) {
    auto ulimit = parse_ulimit(name + "=" + value);
    if (ulimit)
      spec.ulimits.push_back(std::move(*ulimit));
    else
      tell(reader, "ulimits", ulimit.error());
  }
}

void parse_limits(JsonReader& reader, ContainerSpec& spec) {
  if (const auto size = reader.size("shm_size")) {
    if (*size <= 0) reader.problem("shm_size", "more than 0 expected");
    spec.shm_size = size;
  }
  if (const auto size = reader.size("memory")) {
    if (*size < (6 << 20)) reader.problem("memory", "Minimum memory limit allowed is 6MB");
    spec.memory = size;
  }
  if (const auto word = word_or_number(reader, "cpus")) {
    const auto cpus = parse_cpus(*word);
    if (cpus)
      spec.nano_cpus = *cpus;
    else
      tell(reader, "cpus", cpus.error());
  }
  if (const auto pids = reader.integer("pids_limit", 1, 1 << 22)) spec.pids_limit = pids;
  parse_ulimits(reader, spec);
}

void parse_rest(JsonReader& reader, ContainerSpec& spec) {
  if (const auto policy = reader.string("restart")) {
    const auto checked = check_restart(*policy, spec.restart, spec.restart_retries);
    if (!checked) tell(reader, "restart", checked.error());
  }
  if (reader.has("extra_hosts")) spec.extra_hosts.clear();
  for (const std::string& word : reader.string_or_strings("extra_hosts")) {
    auto host = parse_extra_host(word);
    if (host)
      spec.extra_hosts.push_back(std::move(*host));
    else
      tell(reader, "extra_hosts", host.error());
  }
  for (const auto& [name, value] : reader.string_map("labels")) {
    if (name.empty() || starts_with(name, "dtenv."))
      reader.problem("labels", "\"" + visible(name) + "\" is a name of dtenv's own");
    spec.labels.emplace_back(name, value);
  }
}

}  // namespace

void parse_container_options(JsonReader& reader, ContainerSpec& spec, bool unsafe_mounts) {
  text(reader, "hostname", spec.hostname);
  text(reader, "network", spec.network);
  text(reader, "ipc", spec.ipc);
  text(reader, "pid", spec.pid);
  text(reader, "runtime", spec.runtime);
  text(reader, "user", spec.user);
  text(reader, "workdir", spec.workdir);
  if (!spec.workdir.empty() && spec.workdir[0] != '/')
    reader.problem("workdir", "an absolute path expected");
  texts(reader, "command", spec.command);
  if (reader.has("entrypoint")) spec.entrypoint = reader.string_or_strings("entrypoint");
  parse_env(reader, spec);
  parse_volumes(reader, spec, unsafe_mounts);
  parse_ports(reader, spec);
  parse_devices(reader, spec);
  parse_limits(reader, spec);
  texts(reader, "cap_add", spec.cap_add);
  texts(reader, "cap_drop", spec.cap_drop);
  texts(reader, "security_opt", spec.security_opt);
  spec.privileged = reader.boolean_or("privileged", spec.privileged);
  spec.init = reader.boolean_or("init", spec.init.value_or(true));
  parse_rest(reader, spec);
}

ContainerRun::Config ContainerRun::parse(JsonReader& reader) {
  Config config;
  config.name = reader.required_string("name");
  if (!config.name.empty()) {
    const auto checked = check_container_name(config.name);
    if (!checked) tell(reader, "name", checked.error());
  }
  config.image = reader.string_or("image", "");
  if (!config.image.empty() && !starts_with(config.image, "sha256:")) {
    const auto checked = parse_image_reference(config.image);
    if (!checked) tell(reader, "image", checked.error());
  }
  config.keep_alive = reader.boolean_or("keep_alive", true);
  config.peer_hosts = reader.boolean_or("peer_hosts", true);
  config.create_host_paths = reader.boolean_or("create_host_paths", true);
  const bool unsafe_mounts = reader.boolean_or("unsafe_mounts", false);
  config.spec.restart = "unless-stopped";
  config.spec.open_stdin = true;  // docker run -id
  parse_container_options(reader, config.spec, unsafe_mounts);
  for (auto& [node, options] : reader.object_map("nodes")) {
    ContainerSpec spec = config.spec;
    parse_container_options(options, spec, unsafe_mounts);
    options.finish();
    config.nodes[node] = std::move(spec);
  }
  return config;
}

}  // namespace dtenv
