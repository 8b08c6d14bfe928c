#include "formats/login_cause.hpp"

#include <set>

#include "unit/doctest_result.hpp"

using namespace dtenv;

TEST_SUITE("login_cause") {
  TEST_CASE("what OpenSSH 9.2 prints is told apart") {
    struct Row {
      const char* text;
      const char* name;
    };
    const Row rows[] = {
        {"ssh: connect to host 10.0.0.2 port 6001: Connection refused\r\n", "refused"},
        {"ssh: connect to host 10.0.0.2 port 6001: Connection timed out\r\n", "timed_out"},
        {"Connection timed out during banner exchange\n", "timed_out"},
        {"ssh: connect to host 10.0.0.2 port 22: No route to host\r\n", "unreachable"},
        {"ssh: Could not resolve hostname v100-9: Name or service not known\r\n", "dns"},
        {"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
         "host_key_changed"},
        {"No ED25519 host key is known for [10.0.0.2]:6001 and you have requested strict "
         "checking.\n"
         "Host key verification failed.\n",
         "host_key_unknown"},
        {"root@10.0.0.2: Permission denied (publickey).\n", "key_rejected"},
        {"@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\nroot@n: Permission denied (publickey).\n",
         "key_permissions"},
        {"Load key \"/root/.ssh/id\": invalid format\nroot@n: Permission denied (publickey).\n",
         "key_unreadable"},
        {"kex_exchange_identification: read: Connection reset by peer\n", "too_many_starting"},
        {"kex_exchange_identification: Connection closed by remote host\n", "too_many_starting"},
        {"Connection closed by 10.0.0.2 port 6001\n", "closed"},
        {"Certificate invalid: expired\nNo ED25519 host key is known for n\n", "host_certificate"},
        {"Certificate invalid: name is not a listed principal\nHost key verification failed.\n",
         "wrong_host"},
        {"sudo: a password is required\n", "sudo"},
        {"/root/.ssh/config: line 3: Bad configuration option: foo\n", "config"},
        {"something new\n", "other"},
    };
    std::set<std::string> names;
    for (const Row& row : rows) {
      const LoginVerdict verdict = judge_login(255, row.text, "");
      CHECK_MESSAGE(login_cause_name(verdict.cause) == row.name, row.text);
      CHECK(verdict.hint.empty() == (verdict.cause == LoginCause::other));
      names.emplace(login_cause_name(verdict.cause));
    }
    CHECK(names.size() >= 9);
  }

  TEST_CASE("the exit status decides where it is not ssh's own") {
    CHECK(judge_login(0, "Permission denied (publickey)", "").cause == LoginCause::none);
    CHECK(judge_login(127, "", "").cause == LoginCause::client_missing);
    CHECK(judge_login(3, "Connection refused", "").cause == LoginCause::command);
    CHECK(judge_login(0, "", "Welcome!\n").cause == LoginCause::noise);
  }
}
