#include "host/ssh_failure.hpp"

#include "host/ssh_dial.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {
namespace {

SshFailure failure(std::string_view said) {
  SshOptions options;
  options.host = "n1";
  options.user = "root";
  options.port = 6001;
  return classify_ssh_failure(options, said, "the connection ended");
}

TEST_SUITE("ssh's words") {
  TEST_CASE("each cause has a message, a hint, and a verdict on trying again") {
    const auto refused = failure("ssh: connect to host n1 port 6001: Connection refused\n");
    CHECK(refused.error.message ==
          "ssh root@n1:6001: nothing listens on that port (ssh: connect to host n1 port 6001: "
          "Connection refused)");
    CHECK(refused.error.status == Status::host);
    CHECK(!refused.error.detail.at(0).hint.empty());
    CHECK(!refused.retry);
    CHECK(failure("kex_exchange_identification: Connection closed by remote host").retry);
    CHECK(!failure("Permission denied (publickey).").retry);
  }

  TEST_CASE("a changed host key is told from an unknown one") {
    const auto changed = failure(
        "@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@\n"
        "Host key for [n1]:6001 has changed and you have requested strict checking.\n"
        "Host key verification failed.\n");
    CHECK(contains(changed.error.message, "not the known one"));
    const auto unknown = failure(
        "No ED25519 host key is known for n1 and you have requested strict checking.\n"
        "Host key verification failed.\n");
    CHECK(contains(unknown.error.message, "is not known"));
    CHECK(!changed.retry);
  }

  TEST_CASE("where ssh says nothing the fallback stands") {
    CHECK(failure("\n").error.message == "ssh root@n1:6001: the connection ended");
  }
}

TEST_SUITE("SshDial") {
  TEST_CASE("every option stands before the host, and the host after \"--\"") {
    SshOptions options;
    options.host = "n1";
    options.user = "u";
    options.jump = "a@b:22,c";
    auto dial = SshDial::make(options, "/run/x");
    REQUIRE(dial);
    for (const Argv& argv : {dial->master(), dial->channel(), dial->forward("/a", "/b")}) {
      const auto end = std::find(argv.begin(), argv.end(), "--");
      REQUIRE(end != argv.end());
      CHECK(*(end + 1) == "n1");
      CHECK(argv.end() - end <= 3);
    }
    const std::string shown = show_argv(dial->master());
    for (const char* option : {"StrictHostKeyChecking=yes", "BatchMode=yes", "ForwardAgent=no",
                               "UpdateHostKeys=no", "-J a@b:22,c", "ServerAliveInterval=5"})
      CHECK(contains(shown, option));
  }

  TEST_CASE("names that ssh or a shell would misread are refused") {
    for (const char* hostile : {"-oProxyCommand=x", "a b", "a\nb", "`x`", "$(x)", "a;b", "a|b"}) {
      SshOptions options;
      options.host = hostile;
      CHECK(!SshDial::make(options, "/run/x"));
      options.host = "n1";
      options.user = hostile;
      CHECK(!SshDial::make(options, "/run/x"));
      options.user.clear();
      options.jump = hostile;
      CHECK(!SshDial::make(options, "/run/x"));
    }
    SshOptions options;
    options.host = "n1";
    options.host_keys = {"not a key"};
    CHECK(!SshDial::make(options, "/run/x"));
    options.host_keys.clear();
    CHECK(!SshDial::make(options, "/" + std::string(100, 'x')));
  }
}

}  // namespace
}  // namespace dtenv
