#include "host/fake_host.hpp"

#include "support/loop.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {
namespace {

struct Fake {
  asio::io_context loop;
  FakeHost host;
  Result<Outcome> run(Argv argv, Duration timeout = std::chrono::seconds(10)) {
    Command command;
    command.argv = std::move(argv);
    command.timeout = timeout;
    return run_on(loop, host.run(command));
  }
};

TEST_SUITE("FakeHost") {
  TEST_CASE_FIXTURE(Fake, "answers as it was told to, and 127 where it was not") {
    host.on({"id", "-u"}, "0\n");
    host.on_any([](const Command& command) -> std::optional<Outcome> {
      if (command.argv.front() != "uname") return std::nullopt;
      Outcome outcome;
      outcome.out = "Linux\n";
      return outcome;
    });
    CHECK(run({"id", "-u"})->out == "0\n");
    CHECK(run({"uname", "-s"})->out == "Linux\n");
    CHECK(run({"nothing"})->exit_code == 127);
    CHECK(host.commands.size() == 3);
  }

  TEST_CASE_FIXTURE(Fake, "fails after so many calls, and is slow") {
    host.failure = Error{Status::host, "gone"};
    host.fail_after = 1;
    CHECK(run({"x"}));
    CHECK(run({"x"}).error().status == Status::host);
    host.failure.reset();
    host.delay = std::chrono::milliseconds(50);
    CHECK(run({"x"}, std::chrono::milliseconds(5)).error().status == Status::timeout);
  }

  TEST_CASE_FIXTURE(Fake, "run_ok makes an error of a failed command") {
    host.on({"docker", "info"}, "", 1);
    Command command;
    command.argv = {"docker", "info"};
    const auto failed = run_on(loop, run_ok(host, command));
    REQUIRE(!failed);
    CHECK(failed.error().status == Status::command);
  }

  TEST_CASE_FIXTURE(Fake, "a file that may not be read is an error, not an absence") {
    host.files["/etc/shadow"].unreadable = true;
    CHECK(!run_on(loop, host.read("/etc/shadow", 100)));
    CHECK(run_on(loop, host.read("/etc/none", 100)));
  }
}

}  // namespace
}  // namespace dtenv
