#include <doctest/doctest.h>

#include "base/text.hpp"
#include "net/registry_auth.hpp"

using namespace dtenv;

TEST_SUITE("Registry credentials") {
  TEST_CASE("an image's registry is its first part where that is a host") {
    CHECK(registry_of("ubuntu") == "docker.io");
    CHECK(registry_of("nvidia/cuda:10.1") == "docker.io");
    CHECK(registry_of("index.docker.io/x/y") == "docker.io");
    CHECK(registry_of("localhost/x") == "localhost");
    CHECK(registry_of("r.example.com:5000/x/y:1") == "r.example.com:5000");
    CHECK(registry_of("x:5000") == "docker.io");
  }

  TEST_CASE("nobody's header is that of an empty object") {
    CHECK(registry_auth(nullptr).reveal() == "e30=");
    CHECK(registry_config({}).reveal() == "e30=");
  }

  TEST_CASE("a header is base64url of what the engine reads") {
    RegistryCredential credential;
    credential.server = "docker.io";
    credential.username = "me";
    credential.password = Secret("p\xC3\xBF?>");
    const std::string header(registry_auth(&credential).reveal());
    CHECK(header.find_first_of("+/") == std::string::npos);
    const auto text = base64_decode(replace_all(replace_all(header, "-", "+"), "_", "/"));
    CHECK(text ==
          "{\"serveraddress\":\"https://index.docker.io/v1/\",\"username\":\"me\","
          "\"password\":\"p\xC3\xBF?>\"}");
  }

  TEST_CASE("config.json is read for user and password, token, helper and store") {
    const std::string text = R"({"auths":{
      "https://index.docker.io/v1/":{"auth":"bWU6c2U6Y3JldA=="},
      "r1.example.com":{"identitytoken":"tok"},
      "https://r2.example.com/v2/":{}},
      "credHelpers":{"r3.example.com":"pass"},"credsStore":"desktop"})";
    const auto hub = credential_from_config(text, "docker.io");
    REQUIRE(hub.has_value());
    CHECK((*hub)->username == "me");
    CHECK((*hub)->password.reveal() == "se:cret");
    CHECK((*hub)->server == "https://index.docker.io/v1/");
    CHECK((*credential_from_config(text, "r1.example.com"))->identity_token.reveal() == "tok");
    CHECK((*credential_from_config(text, "r2.example.com"))->helper == "desktop");
    CHECK((*credential_from_config(text, "r3.example.com"))->helper == "pass");
    CHECK((*credential_from_config(text, "r4.example.com"))->helper == "desktop");
    CHECK(!credential_from_config(R"({"auths":{}})", "docker.io")->has_value());
  }

  TEST_CASE("what is no such file is CONFIG") {
    CHECK(credential_from_config("[]", "x").error().status == Status::config);
    CHECK(credential_from_config(R"({"auths":{"x.y":{"auth":"###"}}})", "x.y").has_error());
  }

  TEST_CASE("a helper's answer is a password or a token") {
    const auto token = credential_from_helper(R"({"Username":"<token>","Secret":"t"})", "r.x");
    CHECK(token->identity_token.reveal() == "t");
    const auto login = credential_from_helper(R"({"Username":"u","Secret":"s"})", "r.x");
    CHECK(login->username == "u");
    CHECK(login->password.reveal() == "s");
    CHECK(credential_from_helper("credentials not found", "r.x").has_error());
  }
}
