#include "formats/registry_mirror.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dtenv {

namespace {

struct Url {
  std::string scheme;
  std::string authority;
  std::string rest;  ///< path, query and fragment
};

Url take_apart(std::string_view url) {
  Url parts;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) {
    parts.rest = url;
    return parts;
  }
  parts.scheme = lower(url.substr(0, colon));
  const std::string_view after = url.substr(colon + 3);
  const std::size_t end = std::min(after.find_first_of("/?#"), after.size());
  parts.authority = after.substr(0, end);
  parts.rest = after.substr(end);
  return parts;
}

bool bad_host(std::string_view authority) {
  return authority.empty() || authority[0] == ':' ||
         std::any_of(authority.begin(), authority.end(), [](unsigned char c) {
           return c <= 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '<' || c == '>';
         });
}

bool bad_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos)
    return false;
  return !parse_integer(authority.substr(colon + 1), 1, 65535);
}

}  // namespace

std::string normal_mirror(std::string_view url) {
  const Url parts = take_apart(url);
  if (parts.scheme.empty()) return std::string(url);
  std::string rest = parts.rest;
  while (!rest.empty() && rest.back() == '/') rest.pop_back();
  return parts.scheme + "://" + lower(parts.authority) + rest + "/";
}

Result<void> check_mirror(std::string_view url, const EngineRelease& engine) {
  const auto bad = [&](std::string problem) -> Result<void> {
    return Error{Status::config, "invalid mirror: " + std::move(problem)};
  };
  const std::string shown = "\"" + visible(url) + "\"";
  const Url parts = take_apart(url);
  if (parts.scheme.empty() && engine.known && !engine.at_least(23))
    return bad("unsupported scheme \"\" in " + shown);
  if (parts.scheme.empty())
    return bad("no scheme specified for " + shown + ": must use either 'https://' or 'http://'");
  if (parts.scheme != "http" && parts.scheme != "https")
    return bad("unsupported scheme \"" + visible(parts.scheme) + "\" in " + shown +
               ": must use either 'https://' or 'http://'");
  if (contains(parts.authority, "@"))
    return bad("username/password not allowed in URI \"" + parts.scheme + "://" +
               visible(parts.authority.substr(0, parts.authority.find_first_of(":@"))) + ":xxxxx@" +
               visible(parts.authority.substr(parts.authority.rfind('@') + 1) + parts.rest) + "\"");
  if (bad_host(parts.authority)) return bad("no host, or a strange one, in " + shown);
  if (bad_port(parts.authority)) return bad("the port in " + shown + " is not one of 1–65535");
  if (parts.rest.find_first_of("?#") != std::string::npos)
    return bad("query or fragment at end of the URI " + shown);
  if (!parts.rest.empty() && parts.rest != "/" && !engine.at_least(25))
    return bad("path, query, or fragment at end of the URI " + shown);
  return {};
}

std::optional<std::string> mirror_warning(std::string_view url) {
  if (take_apart(url).scheme != "http") return std::nullopt;
  return "registry-mirrors: " + visible(url) +
         " is plain http: whoever sits on the way can change what is pulled by tag";
}

}  // namespace dtenv
