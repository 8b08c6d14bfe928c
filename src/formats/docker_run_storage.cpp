#include "base/text.hpp"
#include "base/units.hpp"
#include "formats/csv_record.hpp"
#include "formats/docker_run_options.hpp"

namespace dtenv {

namespace {

using State = DockerRunState;
using Text = const std::string&;

Error bad(std::string message, std::string hint = {}) {
  Problem problem{"", 0, 0, message, std::move(hint)};
  return {Status::config, std::move(message), {std::move(problem)}};
}

Result<void> add_volume(Text text, State& state) {
  DT_TRY_ASSIGN(auto volume, parse_volume(text));
  for (const VolumeOption& other : state.spec.volumes)
    if (other.target == volume.target)
      return bad("Duplicate mount point: " + visible(volume.target));
  state.spec.volumes.push_back(std::move(volume));
  return {};
}

Result<void> mount_field(const std::string& key, const std::string& value, MountSpec& mount) {
  const bool on = value.empty() || value == "true" || value == "1";
  if (key == "type") {
    mount.type = value;
    if (value != "bind" && value != "volume" && value != "tmpfs")
      return bad("mount type \"" + visible(value) + "\" is none of bind, volume, tmpfs");
  } else if (key == "source" || key == "src") {
    mount.source = value;
  } else if (key == "target" || key == "destination" || key == "dst") {
    mount.target = value;
  } else if (key == "readonly" || key == "ro") {
    mount.read_only = on;
  } else if (key == "bind-propagation") {
    mount.propagation = value;
  } else if (key == "volume-nocopy") {
    mount.no_copy = on;
  } else if (key == "tmpfs-size") {
    DT_TRY_ASSIGN(mount.tmpfs_size, parse_size(value));
  } else if (key == "tmpfs-mode") {
    std::int64_t mode = 0;
    for (const char c : value) {
      if (c < '0' || c > '7' || value.size() > 5)
        return bad("tmpfs-mode \"" + visible(value) + "\" is not octal");
      mode = mode * 8 + (c - '0');
    }
    mount.tmpfs_mode = mode;
  } else if (key != "consistency" && key != "bind-nonrecursive") {
    const auto near = nearest(key, {"type", "source", "target", "readonly", "bind-propagation",
                                    "volume-nocopy", "tmpfs-size", "tmpfs-mode"});
    return bad("unexpected key '" + visible(key) + "' in --mount",
               near ? "did you mean \"" + *near + "\"?" : "");
  }
  return {};
}

Result<void> add_mount(Text text, State& state) {
  DT_TRY_ASSIGN(const auto fields, parse_csv_record(text));
  MountSpec mount;
  mount.type = "volume";
  for (const std::string& field : fields) {
    const std::size_t equals = field.find('=');
    DT_TRY(mount_field(lower(field.substr(0, equals)),
                       equals == std::string::npos ? "" : field.substr(equals + 1), mount));
  }
  if (!starts_with(mount.target, "/")) return bad("--mount: target is required, an absolute path");
  if (mount.type == "bind" && !starts_with(mount.source, "/"))
    return bad("--mount: type=bind needs source, an absolute path");
  state.spec.mounts.push_back(std::move(mount));
  return {};
}

Result<void> add_tmpfs(Text text, State& state) {
  const std::size_t colon = text.find(':');
  if (!starts_with(text, "/"))
    return bad("--tmpfs \"" + visible(text) + "\": not an absolute path");
  state.spec.tmpfs.emplace_back(text.substr(0, colon),
                                colon == std::string::npos ? "" : text.substr(colon + 1));
  return {};
}

Result<void> set_shm_size(Text text, State& state) {
  DT_TRY_ASSIGN(const auto bytes, parse_size(text));
  if (bytes <= 0) return bad("SHM size must be greater than 0");
  state.spec.shm_size = bytes;
  return {};
}

Result<void> add_device(Text text, State& state) {
  if (is_cdi_name(text)) {
    state.spec.cdi_devices.push_back(text);
    return {};
  }
  DT_TRY_ASSIGN(auto device, parse_device(text));
  state.spec.devices.push_back(std::move(device));
  return {};
}

Result<void> add_storage_opt(Text text, State& state) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return bad("--storage-opt is not key=value");
  state.spec.storage_opt.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  return {};
}

}  // namespace

std::vector<DockerRunOption> docker_run_storage_options() {
  return {
      {"volume", 'v', true, add_volume},
      {"mount", 0, true, add_mount},
      {"tmpfs", 0, true, add_tmpfs},
      {"shm-size", 0, true, set_shm_size},
      {"device", 0, true, add_device},
      {"storage-opt", 0, true, add_storage_opt},
      {"device-cgroup-rule", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.device_cgroup_rules.push_back(text);
         return {};
       }},
      {"volumes-from", 0, true,
       [](Text text, State& state) -> Result<void> {
         state.spec.volumes_from.push_back(text);
         return {};
       }},
      {"read-only", 0, false,
       [](Text on, State& state) -> Result<void> {
         state.spec.read_only = on == "true";
         return {};
       }},
  };
}

}  // namespace dtenv
