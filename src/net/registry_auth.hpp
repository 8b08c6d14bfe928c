#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace dtenv {

/// What opens a registry: a name and a password, or an identity token.
struct RegistryCredential {
  std::string
      server;  ///< "registry.example.com:5000", or Docker Hub's "https://index.docker.io/v1/"
  std::string username;
  Secret password;
  Secret identity_token;
  std::string helper;  ///< ask the program docker-credential-HELPER instead; the rest is empty
};

/// The registry an image's name belongs to: "docker.io" where it names none.
std::string registry_of(std::string_view image);

/// The value of X-Registry-Auth for a pull; with no credential the anonymous one.
Secret registry_auth(const RegistryCredential* credential);
/// The value of X-Registry-Config for a build.
Secret registry_config(const std::vector<RegistryCredential>& credentials);

/// What a ~/.docker/config.json holds for a registry; nullopt where it holds nothing. CONFIG where
/// the text is not such a file.
Result<std::optional<RegistryCredential>> credential_from_config(std::string_view text,
                                                                 std::string_view registry);

/// What docker-credential-X prints for `get`.
Result<RegistryCredential> credential_from_helper(std::string_view text, std::string_view registry);

}  // namespace dtenv
