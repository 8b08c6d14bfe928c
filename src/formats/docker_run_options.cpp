#include "formats/docker_run_options.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dtenv {

namespace {

Error bad(std::string message, std::string hint = {}) {
  Problem problem{"", 0, 0, message, std::move(hint)};
  return {Status::config, std::move(message), {std::move(problem)}};
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::optional<std::int64_t> signed_limit(std::string_view text) {
  if (text == "-1" || text == "unlimited") return -1;
  return parse_integer(text, 0, INT64_MAX);
}

}  // namespace

const std::vector<DockerRunOption>& docker_run_options() {
  static const std::vector<DockerRunOption> options = [] {
    std::vector<DockerRunOption> all = docker_run_basic_options();
    for (const auto& more :
         {docker_run_network_options(), docker_run_storage_options(), docker_run_limit_options()})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return options;
}

Result<UlimitSpec> parse_ulimit(std::string_view value) {
  const std::size_t equals = value.find('=');
  UlimitSpec ulimit;
  ulimit.name = value.substr(0, equals);
  const std::vector<std::string> known = {"core",    "cpu",      "data",   "fsize",      "locks",
                                          "memlock", "msgqueue", "nice",   "nofile",     "nproc",
                                          "rss",     "rtprio",   "rttime", "sigpending", "stack"};
  if (std::find(known.begin(), known.end(), ulimit.name) == known.end()) {
    const auto near = nearest(ulimit.name, known);
    return bad("ulimit \"" + visible(value) + "\": invalid ulimit type",
               near ? "did you mean \"" + *near + "\"?" : "known: " + join(known, ", "));
  }
  const std::string_view limits =
      equals == std::string_view::npos ? std::string_view{} : value.substr(equals + 1);
  const std::size_t colon = limits.find(':');
  const auto soft = signed_limit(limits.substr(0, colon));
  const auto hard = colon == std::string_view::npos ? soft : signed_limit(limits.substr(colon + 1));
  if (!soft || !hard)
    return bad("ulimit \"" + visible(value) + "\": not name=soft[:hard] with whole numbers or -1");
  ulimit.soft = *soft;
  ulimit.hard = *hard;
  if (*hard != -1 && (*soft == -1 || *soft > *hard))
    return bad("ulimit \"" + visible(value) + "\": the soft limit is above the hard one");
  return ulimit;
}

bool is_cdi_name(std::string_view device) {
  const std::size_t equals = device.find('=');
  const std::size_t slash = device.find('/');
  return slash != std::string_view::npos && slash > 0 && equals != std::string_view::npos &&
         slash < equals && equals + 1 < device.size() && device[0] != '/';
}

Result<DeviceSpec> parse_device(std::string_view value) {
  const auto parts = split(value, ':');
  DeviceSpec device;
  device.host = parts[0];
  device.container = parts[0];
  const auto is_mode = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("rwm") == std::string::npos;
  };
  if (parts.size() == 2 && is_mode(parts[1]) && parts[1][0] != '/') {
    device.permissions = parts[1];
  } else if (parts.size() >= 2) {
    device.container = parts[1];
  }
  if (parts.size() == 3) device.permissions = parts[2];
  if (parts.size() > 3 || !starts_with(device.host, "/") || !starts_with(device.container, "/") ||
      !is_mode(device.permissions))
    return bad("device \"" + visible(value) + "\": not /dev/HOST[:/dev/CONTAINER[:rwm]]");
  return device;
}

Result<std::string> parse_extra_host(std::string_view value) {
  const std::size_t at = value.find_first_of(":=");
  const std::string_view name = value.substr(0, at);
  std::string address = at == std::string_view::npos ? "" : std::string(value.substr(at + 1));
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  const bool good_name =
      !name.empty() && name[0] != '-' && std::all_of(name.begin(), name.end(), [](char c) {
        return is_alnum(c) || c == '-' || c == '_' || c == '.';
      });
  const bool good_address =
      address == "host-gateway" ||
      (!address.empty() &&
       address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos);
  if (!good_name || !good_address)
    return bad("add-host \"" + visible(value) + "\": not NAME:IP-ADDRESS");
  return std::string(name) + ":" + address;
}

Result<std::int64_t> parse_cpus(std::string_view value) {
  const std::size_t dot = value.find('.');
  const std::string fraction =
      dot == std::string_view::npos ? "" : std::string(value.substr(dot + 1));
  const auto whole = parse_integer(value.substr(0, dot), 0, 1'000'000);
  const auto rest = parse_integer((fraction + "000000000").substr(0, 9), 0, 999'999'999);
  if (!whole || !rest || fraction.size() > 9 || (dot != std::string_view::npos && fraction.empty()))
    return bad("cpus \"" + visible(value) + "\": not a number such as 2 or 1.5");
  return *whole * 1'000'000'000 + *rest;
}

Result<void> check_env(std::string_view entry) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string_view::npos)
    return bad("env \"" + visible(entry) + "\": no value",
               "write NAME=value: nothing is taken from the caller's environment");
  const std::string_view name = entry.substr(0, equals);
  const bool good = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return is_alnum(c) || c == '_' || c == '.' || c == '-';
                    });
  if (!good) return bad("env \"" + visible(entry) + "\": \"" + visible(name) + "\" is no name");
  if (entry.size() > (std::size_t{1} << 20))
    return bad("env " + visible(name) + ": more than 1 MiB");
  if (entry.find('\0') != std::string_view::npos)
    return bad("env " + visible(name) + ": a NUL byte in the value");
  return {};
}

Result<void> check_container_name(std::string_view name) {
  const bool good =
      name.size() >= 2 && is_alnum(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
        return is_alnum(c) || c == '_' || c == '.' || c == '-';
      });
  if (!good)
    return bad("invalid container name \"" + visible(name) +
               "\": only [a-zA-Z0-9][a-zA-Z0-9_.-]+ are allowed");
  if (name.size() > 128)
    return bad("container name \"" + visible(name) + "\": longer than 128 bytes");
  return {};
}

Result<void> check_restart(std::string_view policy, std::string& name, int& retries) {
  const std::size_t colon = policy.find(':');
  name = policy.substr(0, colon);
  const std::vector<std::string> known = {"no", "always", "on-failure", "unless-stopped"};
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    const auto near = nearest(name, known);
    return bad("invalid restart policy \"" + visible(policy) + "\"",
               near ? "did you mean \"" + *near + "\"?" : "known: " + join(known, ", "));
  }
  if (colon == std::string_view::npos) return {};
  const auto count = parse_integer(policy.substr(colon + 1), 0, 1'000'000);
  if (name != "on-failure" || !count)
    return bad("invalid restart policy \"" + visible(policy) +
               "\": a retry count goes with on-failure alone");
  retries = static_cast<int>(*count);
  return {};
}

}  // namespace dtenv
