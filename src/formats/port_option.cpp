#include "formats/port_option.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace dtenv {

namespace {

Error bad(std::string_view value, std::string problem, std::string hint = {}) {
  const std::string message = "port \"" + visible(value) + "\": " + problem;
  return {Status::config, message, {{"", 0, 0, std::move(problem), std::move(hint)}}};
}

using Range = std::pair<int, int>;

/// "80" or "80-90", from `low` on.
std::optional<Range> parse_range(std::string_view text, int low) {
  const std::size_t dash = text.find('-');
  const auto first = parse_integer(text.substr(0, dash), low, 65535);
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return Range(*first, *first);
  const auto last = parse_integer(text.substr(dash + 1), *first, 65535);
  if (!last) return std::nullopt;
  return Range(*first, *last);
}

bool is_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           return parse_integer(part, 0, 255) && (part.size() == 1 || part[0] != '0');
         });
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
}

/// The parts between the colons that do not stand in an address.
struct Parts {
  std::string ip;
  std::string host;
  std::string container;
};

Result<Parts> take_apart(std::string_view value, std::string_view text) {
  Parts parts;
  if (starts_with(text, "[")) {
    const std::size_t close = text.find("]:");
    if (close == std::string_view::npos) return bad(value, "no \"]:\" after the IPv6 address");
    parts.ip = text.substr(1, close - 1);
    if (!is_ipv6(parts.ip))
      return bad(value, "\"" + visible(parts.ip) + "\" is not an IPv6 address");
    text = text.substr(close + 2);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
      return bad(value, "after the address both a host's and a container's port are due");
    parts.host = text.substr(0, colon);
    parts.container = text.substr(colon + 1);
    return parts;
  }
  const auto words = split(text, ':');
  if (words.size() > 3)
    return bad(value, "too many colons", "an IPv6 address stands in brackets: [::1]:80:80");
  parts.container = words.back();
  if (words.size() > 1) parts.host = words[words.size() - 2];
  if (words.size() < 3) return parts;
  parts.ip = words[0];
  if (!parts.ip.empty() && !is_ipv4(parts.ip))
    return bad(value, "\"" + visible(parts.ip) + "\" is not an IP address");
  return parts;
}

}  // namespace

Result<std::vector<PortBinding>> parse_port_option(std::string_view value) {
  if (value.find_first_of(" \t") != std::string_view::npos)
    return bad(value, "a blank in it", "write HOST_PORT:CONTAINER_PORT as one word, such as 80:80");
  std::string_view text = value;
  std::string proto = "tcp";
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    proto = lower(text.substr(slash + 1));
    text = text.substr(0, slash);
  }
  if (proto != "tcp" && proto != "udp" && proto != "sctp")
    return bad(value, "\"" + visible(proto) + "\" is none of tcp, udp, sctp");
  DT_TRY_ASSIGN(const Parts parts, take_apart(value, text));
  if (parts.container.empty())
    return bad(value, "no container port",
               "write HOST_PORT:CONTAINER_PORT as one word, such as 80:80");
  const auto container = parse_range(parts.container, 1);
  if (!container)
    return bad(value, "\"" + visible(parts.container) + "\" is not a port or range of 1–65535");
  const auto host = parts.host.empty() ? Range(0, 0) : parse_range(parts.host, 0);
  if (!host) return bad(value, "\"" + visible(parts.host) + "\" is not a port or range of 0–65535");
  const int count = container->second - container->first;
  const bool dynamic = count == 0 && host->second > host->first;
  if (!parts.host.empty() && !dynamic && host->second - host->first != count)
    return bad(value, "the ranges of host and container ports are of different lengths");

  std::vector<PortBinding> bindings;
  for (int i = 0; i <= count; ++i) {
    PortBinding binding{std::to_string(container->first + i) + "/" + proto, parts.ip, ""};
    if (dynamic)
      binding.host_port = std::to_string(host->first) + "-" + std::to_string(host->second);
    else if (!parts.host.empty())
      binding.host_port = std::to_string(host->first + i);
    bindings.push_back(std::move(binding));
  }
  return bindings;
}

}  // namespace dtenv
