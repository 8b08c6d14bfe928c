#include "formats/volume_option.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "formats/dockerignore.hpp"

namespace dtenv {

namespace {

Error bad(std::string_view value, std::string problem, std::string hint = {}) {
  const std::string message = "volume \"" + visible(value) + "\": " + problem;
  return {Status::config, message, {{"", 0, 0, std::move(problem), std::move(hint)}}};
}

bool is_volume_name(std::string_view name) {
  const auto word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return name.size() >= 2 && word(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
           return word(c) || c == '_' || c == '.' || c == '-';
         });
}

Result<void> take_option(std::string_view value, const std::string& option, VolumeOption& volume) {
  const std::vector<std::string> propagations = {"shared", "rshared", "slave",
                                                 "rslave", "private", "rprivate"};
  if (option == "ro" || option == "readonly") {
    volume.read_only = true;
  } else if (option == "z" || option == "Z") {
    volume.selinux = option;
  } else if (option == "nocopy") {
    volume.no_copy = true;
  } else if (std::find(propagations.begin(), propagations.end(), option) != propagations.end()) {
    volume.propagation = option;
  } else if (option != "rw" && option != "consistent" && option != "cached" &&
             option != "delegated") {
    return bad(value, "unknown option \"" + visible(option) + "\"",
               "options are ro, rw, z, Z, nocopy and [r]shared, [r]slave, [r]private");
  }
  return {};
}

Result<void> check_target(std::string_view value, const VolumeOption& volume) {
  if (volume.target.empty())
    return bad(value, "no folder of the container",
               "write HOST_FOLDER:CONTAINER_FOLDER as one word, such as /data:/data");
  if (volume.target[0] != '/')
    return bad(value, "\"" + visible(volume.target) + "\" must be absolute: a path from / on");
  if (clean_path(volume.target) == "/") return bad(value, "the target cannot be /");
  return {};
}

}  // namespace

Result<VolumeOption> parse_volume(std::string_view value) {
  VolumeOption volume;
  volume.text = value;
  if (value.find('\0') != std::string_view::npos) return bad(value, "a NUL byte in it");
  const auto parts = split(value, ':');
  if (parts.size() > 3) return bad(value, "too many colons", "write SOURCE:TARGET[:OPTIONS]");
  if (parts.size() == 1) {
    volume.kind = VolumeOption::Kind::anonymous;
    volume.target = parts[0];
    DT_TRY(check_target(value, volume));
    return volume;
  }
  volume.source = parts[0];
  volume.target = parts[1];
  if (volume.source.empty()) return bad(value, "nothing before the colon");
  DT_TRY(check_target(value, volume));
  if (volume.source[0] != '/') {
    volume.kind = VolumeOption::Kind::named;
    if (!is_volume_name(volume.source))
      return bad(value,
                 "\"" + visible(volume.source) +
                     "\" includes invalid characters for a local volume name, only "
                     "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed",
                 "if you intended to pass a host directory, use absolute path");
  }
  if (parts.size() < 3) return volume;
  for (const std::string& option : split(parts[2], ',')) {
    DT_TRY(take_option(value, option, volume));
  }
  return volume;
}

}  // namespace dtenv
