#include "net/registry_auth.hpp"

#include <boost/json.hpp>

#include "base/text.hpp"

namespace dtenv {

namespace {

namespace json = boost::json;

constexpr std::string_view docker_hub = "https://index.docker.io/v1/";

std::string server_of(std::string_view registry) {
  const bool is_hub = registry == "docker.io" || registry == "index.docker.io";
  return std::string(is_hub ? docker_hub : registry);
}

/// config.json writes one server as "host", "https://host" or "https://host/v1/".
std::string_view host_of(std::string_view server) {
  if (const auto scheme = server.find("://"); scheme != std::string_view::npos)
    server.remove_prefix(scheme + 3);
  server = server.substr(0, server.find('/'));
  return server == "docker.io" ? std::string_view("index.docker.io") : server;
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

json::object auth_object(const RegistryCredential& credential) {
  json::object auth;
  auth["serveraddress"] = server_of(credential.server);
  if (!credential.identity_token.empty()) {
    auth["identitytoken"] = credential.identity_token.reveal();
    return auth;
  }
  auth["username"] = credential.username;
  auth["password"] = credential.password.reveal();
  return auth;
}

Result<json::value> parse(std::string_view text, std::string_view name) {
  boost::system::error_code failed;
  json::value parsed = json::parse(text, failed);
  if (failed || !parsed.is_object())
    return Error{Status::config, std::string(name) + ": not a JSON object"};
  return parsed;
}

Result<RegistryCredential> from_entry(const json::object& entry, std::string_view registry) {
  RegistryCredential credential;
  credential.server = server_of(registry);
  credential.identity_token = Secret(text_of(entry, "identitytoken"));
  credential.username = text_of(entry, "username");
  credential.password = Secret(text_of(entry, "password"));
  const std::string encoded = text_of(entry, "auth");
  if (encoded.empty()) return credential;
  const auto pair = base64_decode(encoded);
  const auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos)
    return Error{Status::config, "config.json: the auth of " + std::string(registry) +
                                     " is not base64 of user:password"};
  credential.username = pair->substr(0, colon);
  credential.password = Secret(pair->substr(colon + 1));
  return credential;
}

}  // namespace

std::string registry_of(std::string_view image) {
  const auto slash = image.find('/');
  const std::string_view first = image.substr(0, slash);
  const bool is_host =
      slash != std::string_view::npos &&
      (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  if (!is_host || first == "index.docker.io") return "docker.io";
  return std::string(first);
}

Secret registry_auth(const RegistryCredential* credential) {
  const json::object auth = credential == nullptr ? json::object() : auth_object(*credential);
  return Secret(base64_url(json::serialize(auth)));
}

Secret registry_config(const std::vector<RegistryCredential>& credentials) {
  json::object servers;
  for (const auto& credential : credentials)
    servers[server_of(credential.server)] = auth_object(credential);
  return Secret(base64_url(json::serialize(servers)));
}

Result<std::optional<RegistryCredential>> credential_from_config(std::string_view text,
                                                                 std::string_view registry) {
  DT_TRY_ASSIGN(const json::value config, parse(text, "config.json"));
  const std::string_view host = host_of(registry);
  const auto& root = config.get_object();
  if (const auto* helpers = object_in(root, "credHelpers"))
    for (const auto& [server, helper] : *helpers)
      if (host_of(server) == host && helper.is_string()) {
        RegistryCredential credential;
        credential.server = server_of(registry);
        credential.helper = std::string(helper.get_string());
        return std::optional<RegistryCredential>(std::move(credential));
      }
  const auto* entries = object_in(root, "auths");
  const std::string store = text_of(root, "credsStore");
  if (entries != nullptr)
    for (const auto& [server, entry] : *entries) {
      if (host_of(server) != host || !entry.is_object()) continue;
      if (entry.get_object().empty() && !store.empty()) break;  // it lies in the store
      DT_TRY_ASSIGN(auto credential, from_entry(entry.get_object(), registry));
      return std::optional<RegistryCredential>(std::move(credential));
    }
  if (store.empty()) return std::optional<RegistryCredential>();
  RegistryCredential credential;
  credential.server = server_of(registry);
  credential.helper = store;
  return std::optional<RegistryCredential>(std::move(credential));
}

Result<RegistryCredential> credential_from_helper(std::string_view text,
                                                  std::string_view registry) {
  DT_TRY_ASSIGN(const json::value answer, parse(text, "the credential helper's answer"));
  const auto& object = answer.get_object();
  RegistryCredential credential;
  credential.server = server_of(registry);
  const std::string username = text_of(object, "Username");
  if (username == "<token>") {
    credential.identity_token = Secret(text_of(object, "Secret"));
    return credential;
  }
  credential.username = username;
  credential.password = Secret(text_of(object, "Secret"));
  return credential;
}

}  // namespace dtenv
