// The pure half of DockerConfig about nvidia-container-toolkit.
#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.hpp"
#include "formats/json_layout.hpp"
#include "steps/docker_changes.hpp"
#include "steps/docker_packages.hpp"

namespace dtenv {

namespace {

using Config = DockerConfig::Config;
using Facts = DockerConfig::Facts;

constexpr std::string_view runtime_name = "nvidia";
constexpr std::string_view runtime_program = "nvidia-container-runtime";
constexpr std::string_view frozen_list = "/etc/apt/sources.list.d/nvidia-docker.list";
/// The repositories of nvidia-docker2's time, frozen since 2023: NVIDIA's one for all
/// distributions, under stable/deb, took their place.
const std::vector<std::string> frozen_repositories = {
    "https://nvidia.github.io/nvidia-docker/",
    "https://nvidia.github.io/nvidia-container-runtime/",
    "https://nvidia.github.io/libnvidia-container/stable/ubuntu",
    "https://nvidia.github.io/libnvidia-container/stable/debian",
    "https://nvidia.github.io/libnvidia-container/experimental/ubuntu",
    "https://nvidia.github.io/libnvidia-container/experimental/debian"};

bool is_wanted(const Config& config, const Facts& facts) {
  return config.toolkit.wanted && (config.toolkit.everywhere || facts.gpu);
}

/// The file names that runtime already, as nvidia-ctk or somebody else wrote it.
bool names_runtime(const Facts& facts) {
  if (!facts.config_text) return false;
  const auto root = parse_json(*facts.config_text, "daemon.json");
  if (!root) return false;
  const JsonMember* runtimes = root->find("runtimes");
  const JsonMember* runtime = runtimes ? runtimes->value.find(runtime_name) : nullptr;
  const JsonMember* path = runtime ? runtime->value.find("path") : nullptr;
  return path && ends_with("/" + path->value.text, "/" + std::string(runtime_program));
}

/// Commented out, not removed: who wants them back finds them.
void plan_frozen_list(const Node& node, Facts& facts, Plan& plan) {
  for (AptFile& file : facts.apt_files) {
    if (file.path != frozen_list) continue;
    const std::string text = comment_out_entries(file.text, frozen_repositories);
    if (text == file.text) continue;
    Change change;
    change.node = node.name;
    change.resource = file.path;
    change.action = Action::update;
    change.before = file.text;
    change.after = text;
    change.reason =
        "nvidia-docker2's repositories are frozen, and their key conflicts with the toolkit's";
    json::object payload;
    payload["op"] = "source";
    payload["path"] = file.path;
    payload["text"] = text;
    payload["old"] = sha256(file.text);
    change.payload = json::serialize(payload);
    plan.changes.push_back(std::move(change));
    file.text = text;
  }
}

/// One repository may hold both: what is planned for the engine counts as there.
void add_engine_origin(const Config& config, Facts& facts) {
  if (facts.engine || !facts.daemon_argv.empty() || !config.folder.empty() ||
      config.source != DockerConfig::Source::docker_ce)
    return;
  const auto origin = docker_origin(config, facts);
  if (!origin) return;
  facts.apt_files.push_back({origin->file_path, origin->file_text});
  facts.keyrings[origin->key_path] = {origin->fingerprint};
}

}  // namespace

Result<void> plan_toolkit(const Config& config, const Node& node, const Facts& facts, Plan& plan) {
  if (!config.toolkit.wanted) return {};
  if (!is_wanted(config, facts)) {
    plan.notes.push_back(
        {node.name, Severity::info, "no NVIDIA GPU: nvidia-container-toolkit is not installed"});
    return {};
  }
  if (!facts.toolkit.empty()) return {};
  if (config.toolkit.install == DockerConfig::Install::never)
    return Error(Status::not_found,
                 "nvidia-ctk does not answer, and \"install\" of \"nvidia_toolkit\" is \"never\"");
  if (!facts.os.is_debian_family() && !facts.os.is_rpm_family())
    return Error(Status::unsupported,
                 "how to install nvidia-container-toolkit on this system is "
                 "not known: install it, then run dtenv again");
  if (facts.os.is_rpm_family() && !config.toolkit.folder.empty())
    return Error(Status::unsupported,
                 "packages from a folder are installed on Debian and Ubuntu alone: name a mirror "
                 "in \"repository\" of \"nvidia_toolkit\"");
  Facts cleaned = facts;
  PackageOrder order;
  order.packages = {"nvidia-container-toolkit"};
  order.folder = config.toolkit.folder;
  order.then = "toolkit";
  order.reason = "containers reach the GPUs through it";
  for (const char* old : {"nvidia-docker2", "nvidia-docker", "nvidia-container-runtime"})
    if (facts.packages.count(old) > 0) {
      order.in_the_way.emplace_back(old);
      order.reason += "; it takes the place of " + std::string(old);
    }
  const PackageOrigin origin = toolkit_origin(config, facts);
  if (order.folder.empty()) {
    plan_frozen_list(node, cleaned, plan);
    add_engine_origin(config, cleaned);
    order.origin = &origin;
  }
  return plan_packages(order, node, cleaned, plan);
}

void plan_toolkit_settings(const Config& config, const Node& node, const Facts& facts, Plan& plan) {
  const auto add = [&](std::string resource, std::string before, std::string after,
                       std::string reason, json::array argv) {
    Change change;
    change.node = node.name;
    change.resource = std::move(resource);
    change.action = Action::update;
    change.before = std::move(before);
    change.after = std::move(after);
    change.reason = std::move(reason);
    json::object payload;
    payload["op"] = "command";
    payload["argv"] = std::move(argv);
    change.payload = json::serialize(payload);
    plan.changes.push_back(std::move(change));
  };
  if (!is_wanted(config, facts)) return;
  if (facts.selinux_denies_devices)
    add("SELinux container_use_devices", "off", "on",
        "SELinux keeps containers from /dev/nvidia* without it",
        {"setsebool", "-P", "container_use_devices", "on"});
  if (config.cdi && facts.cdi_refresh == "disabled")
    add("nvidia-cdi-refresh.path", "disabled", "enabled",
        "the CDI description is to follow the driver",
        {"systemctl", "enable", "--now", "nvidia-cdi-refresh.path"});
}

Config with_toolkit_runtime(const Config& config, const Facts& facts) {
  Config own = config;
  const bool given = std::any_of(own.runtimes.begin(), own.runtimes.end(),
                                 [](const auto& runtime) { return runtime.name == runtime_name; });
  if (!is_wanted(config, facts) || given || names_runtime(facts)) return own;
  DockerConfig::Runtime runtime;
  runtime.name = runtime_name;
  runtime.path = "/usr/bin/" + std::string(runtime_program);
  own.runtimes.push_back(std::move(runtime));
  return own;
}

}  // namespace dtenv
