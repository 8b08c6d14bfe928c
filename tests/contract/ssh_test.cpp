// What is ssh's alone: the dialling, the one connection, its loss, the engine behind it.
#include <signal.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <thread>

#include "contract/setup.hpp"
#include "contract/sshd.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// An sshd and a host of its own, for cases that count or break things.
struct Lone {
  explicit Lone(const std::string& config = {}, bool has_perl = true)
      : sshd(config, has_perl), options(sshd.options()) {}
  ~Lone() {
    host.reset();
    loop.restart();
    loop.run_for(std::chrono::milliseconds(300));
  }
  Result<void> connect() {
    host = make_ssh_host({loop.get_executor(), &curl, fresh_folder()}, "far", options);
    return run_on(loop, host->connect());
  }
  Result<Outcome> run(Argv argv) {
    Command command;
    command.argv = std::move(argv);
    return run_on(loop, host->run(command));
  }

  Sshd sshd;
  SshOptions options;
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  std::unique_ptr<Host> host;
};

TEST_SUITE("ssh") {
  TEST_CASE("everything goes over one connection") {
    Lone lone;
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    REQUIRE(lone.connect());
    std::vector<std::unique_ptr<Started<Result<Outcome>>>> all;
    Command command;
    command.argv = {"sleep", "0.2"};
    for (int i = 0; i < 8; ++i)
      all.push_back(std::make_unique<Started<Result<Outcome>>>(lone.loop, lone.host->run(command)));
    for (auto& one : all) {
      REQUIRE(one->until([&] { return one->done(); }));
      REQUIRE(one->value());
      CHECK(*one->value());
    }
    if (::access("/var/run/docker.sock", W_OK) == 0) {
      const auto engine = run_on(lone.loop, lone.host->docker());
      REQUIRE(engine);
      CHECK(run_on(lone.loop, (*engine)->version()));
    }
    CHECK(count_of(lone.sshd.log(), "Accepted publickey") == 1);
  }

  TEST_CASE("a command on a warm connection costs little") {
    Lone lone;
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    REQUIRE(lone.connect());
    lone.run({"true"});
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i) REQUIRE(lone.run({"true"}));
    const double each = seconds_since(begin) / 50 * 1000;
    MESSAGE("one command: " << each << " ms");
    CHECK(each < 250);  // a login each would cost as much
  }

  TEST_CASE("a pinned host key is enough, and another is refused before any login") {
    Lone lone;
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    lone.options.known_hosts_file.clear();
    lone.options.host_keys = {lone.sshd.host_key()};
    REQUIRE(lone.connect());
    const int logins = count_of(lone.sshd.log(), "publickey");
    lone.options.host_keys = {shared_sshd().host_key()};
    const auto refused = lone.connect();
    REQUIRE(!refused);
    CHECK(refused.error().status == Status::host);
    CHECK(contains(refused.error().message, "host key is not the known one"));
    CHECK(count_of(lone.sshd.log(), "publickey") == logins);  // accepted, failed or postponed
  }

  TEST_CASE("an unknown host key is refused") {
    Lone lone;
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    lone.options.known_hosts_file = "/dev/null";
    const auto refused = lone.connect();
    REQUIRE(!refused);
    CHECK(contains(refused.error().message, "host key is not known"));
    CHECK(!refused.error().detail.at(0).hint.empty());
  }

  TEST_CASE("causes are told apart") {
    Lone lone;
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    lone.options.identity_file = "/dev/null";
    const auto no_key = lone.connect();
    REQUIRE(!no_key);
    CHECK(contains(no_key.error().message, "private key's file"));
    lone.options.port = 1;
    const auto no_port = lone.connect();
    REQUIRE(!no_port);
    CHECK(contains(no_port.error().message, "nothing listens"));
    lone.options.host = "no-such-name.invalid";
    const auto no_name = lone.connect();
    REQUIRE(!no_name);
    CHECK(contains(no_name.error().message, "does not resolve"));
    for (const char* hostile : {"-oProxyCommand=touch x", "a b", "$(x)", ""}) {
      lone.options.host = hostile;
      CHECK(lone.connect().error().status == Status::config);
    }
  }

  TEST_CASE("a connection that dies ends what runs on it, at once") {
    Lone lone;
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    REQUIRE(lone.connect());
    const bool has_engine = ::access("/var/run/docker.sock", W_OK) == 0;
    Docker* lent = nullptr;
    if (has_engine) lent = *run_on(lone.loop, lone.host->docker());
    Command waits;
    waits.argv = {"sleep", "30"};
    Started<Result<Outcome>> waiting(lone.loop, lone.host->run(waits));
    const auto begin = std::chrono::steady_clock::now();
    const auto killed =
        lone.run({"sh", "-c", "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat); sleep 30"});
    REQUIRE(!killed);
    CHECK(killed.error().status == Status::host);
    CHECK(waiting.until([&] { return waiting.done(); }, std::chrono::seconds(5)));
    REQUIRE(waiting.value());
    CHECK(waiting.value()->error().status == Status::host);
    CHECK(seconds_since(begin) < 10);
    CHECK(lone.run({"true"}).error().status == Status::host);
    REQUIRE(run_on(lone.loop, lone.host->connect()));
    CHECK(lone.run({"true"}));
    if (!has_engine) return;
    CHECK(*run_on(lone.loop, lone.host->docker()) == lent);
    CHECK(run_on(lone.loop, lent->version()));
  }

  TEST_CASE("a machine that allows two sessions is used with two") {
    Lone lone("MaxSessions 2\n");
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    REQUIRE(lone.connect());
    std::vector<std::unique_ptr<Started<Result<Outcome>>>> all;
    Command command;
    command.argv = {"sleep", "0.1"};
    for (int i = 0; i < 6; ++i)
      all.push_back(std::make_unique<Started<Result<Outcome>>>(lone.loop, lone.host->run(command)));
    for (auto& one : all) {
      REQUIRE(one->until([&] { return one->done(); }));
      REQUIRE(one->value());
      CHECK(*one->value());
    }
    CHECK(count_of(lone.sshd.log(), "Accepted publickey") == 1);
  }

  TEST_CASE("a channel that was closed while nobody used it is left alone") {
    for (const bool has_perl : {true, false}) {
      Lone lone({}, has_perl);
      SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
      REQUIRE(lone.connect());
      const auto both = [&lone] {
        Command command;
        command.argv = {"sh", "-c", "sleep 0.3; echo $PPID"};
        Started<Result<Outcome>> first(lone.loop, lone.host->run(command));
        Started<Result<Outcome>> second(lone.loop, lone.host->run(command));
        REQUIRE(first.until([&] { return first.done() && second.done(); }));
        REQUIRE(first.value());
        REQUIRE(*first.value());
        REQUIRE(second.value());
        REQUIRE(*second.value());
        return std::pair((*first.value())->out, (*second.value())->out);
      };
      const auto [master, other] = both();
      CHECK(master != other);
      REQUIRE(::kill(std::stoi(other), SIGKILL) == 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      const auto [still, another] = both();
      CHECK(still == master);
      CHECK(another != other);
    }
  }

  TEST_CASE("sudo is the same machine as root") {
    Lone lone;
    SKIP_UNLESS(lone.sshd.problem().empty(), lone.sshd.problem());
    SKIP_UNLESS(::access("/usr/bin/sudo", X_OK) == 0, "no sudo here");
    lone.options.sudo = true;
    REQUIRE(lone.connect());
    CHECK(lone.run({"id", "-u"})->out == "0\n");
  }
}

}  // namespace
}  // namespace dtenv
