#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "unit/doctest_result.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/digest.hpp"
#include "proc/child.hpp"
#include "proc/environment.hpp"
#include "support/loop.hpp"

namespace dtenv {
namespace {

Command shell(std::string script) {
  Command command;
  command.argv = {"sh", "-c", std::move(script)};
  command.timeout = std::chrono::seconds(30);
  return command;
}

struct Fixture {
  asio::io_context loop;
  Result<Outcome> run(const Command& command, OutputSink sink = {}) {
    return run_on(loop, run_child(command, std::move(sink)));
  }
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

bool is_alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  stat >> number >> name >> state;
  return !state.empty() && state != "Z";
}

/// KILL was sent; the kernel may take a moment.
bool dies(pid_t pid) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (is_alive(pid) && std::chrono::steady_clock::now() < deadline) ::usleep(1000);
  return !is_alive(pid);
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int exits = 0;

TEST_SUITE("run_child") {
  TEST_CASE_FIXTURE(Fixture, "gives both streams, the exit code and the signal") {
    const auto said = run(shell("echo out; echo err >&2; exit 7"));
    REQUIRE(said);
    CHECK(said->out == "out\n");
    CHECK(said->err == "err\n");
    CHECK(said->exit_code == 7);
    const auto killed = run(shell("kill -9 $$"));
    REQUIRE(killed);
    CHECK(killed->exit_code == 137);
    CHECK(killed->signal == 9);
  }

  TEST_CASE_FIXTURE(Fixture, "a program that is not there is 127, one that cannot run is 126") {
    Command command;
    command.argv = {"no-such-program-here"};
    CHECK(run(command)->exit_code == 127);
    command.argv = {"/etc/passwd"};
    CHECK(run(command)->exit_code == 126);
    command.argv = {"true"};
    command.directory = "/no/such/folder";
    const auto lost = run(command);
    CHECK(lost->exit_code == 127);
    CHECK(contains(lost->err, "/no/such/folder"));
  }

  TEST_CASE_FIXTURE(Fixture, "an exec that fails runs no exit handler of this process") {
    std::atexit([] { ++exits; });
    Command command;
    command.argv = {"/etc/passwd"};
    REQUIRE(run(command));
    command.argv = {"no-such-program-here"};
    REQUIRE(run(command));
    CHECK(exits == 0);
  }

  TEST_CASE_FIXTURE(Fixture,
                    "a child has its own group, default signals, no mask, no descriptors") {
    ::signal(SIGUSR2, SIG_IGN);
    const auto said = run(shell(
        "sed -n '/^Sig[BI]/p' /proc/self/status; ls /proc/self/fd | wc -l; ps -o pgid= -p $$; "
        "echo $$"));
    ::signal(SIGUSR2, SIG_DFL);
    REQUIRE(said);
    CHECK(contains(said->out, "SigBlk:\t0000000000000000"));
    const auto ignored = said->out.find("SigIgn:\t");
    REQUIRE(ignored != std::string::npos);
    // The C library's spawn ignores 32 and 33, its own.
    CHECK((std::stoull(said->out.substr(ignored + 8), nullptr, 16) & 0x7fffffff) == 0);
    const auto lines = split_lines(said->out);
    REQUIRE(lines.size() == 5);
    CHECK(trim(lines[2]) == "4");  // 0, 1, 2 and the folder ls reads
    CHECK(trim(lines[3]) == trim(lines[4]));
  }

  TEST_CASE_FIXTURE(Fixture, "the environment is minimal and the command's own wins") {
    ::setenv("DTENV_LEAK", "1", 1);
    Command command;
    command.argv = {"env"};
    command.env = {{"LC_ALL", "C"}, {"MINE", "a b"}};
    const auto said = run(command);
    ::unsetenv("DTENV_LEAK");
    REQUIRE(said);
    CHECK(!contains(said->out, "DTENV_LEAK"));
    CHECK(contains(said->out, "LC_ALL=C\n"));
    CHECK(contains(said->out, "MINE=a b\n"));
    CHECK(contains(said->out, "PATH="));
  }

  TEST_CASE_FIXTURE(Fixture, "10 MB go in and come out unchanged") {
    Command command;
    command.argv = {"cat"};
    for (int i = 0; i < 10; ++i) command.input += random_bytes(std::size_t{1} << 20);
    const auto said = run(command);
    REQUIRE(said);
    CHECK(sha256(said->out) == sha256(command.input));
    CHECK(!said->truncated);
  }

  TEST_CASE_FIXTURE(Fixture, "a program that leaves its input unread does no harm") {
    Command command;
    command.argv = {"true"};
    command.input = std::string(std::size_t{4} << 20, 'x');
    CHECK(run(command)->ok());
  }

  TEST_CASE_FIXTURE(Fixture, "output above the limit is cut and said") {
    Command command = shell("head -c 3000000 /dev/zero; echo end >&2");
    command.output_limit = 1000;
    const auto said = run(command);
    REQUIRE(said);
    CHECK(said->out.size() == 1000);
    CHECK(said->truncated);
    CHECK(said->err == "end\n");
  }

  TEST_CASE_FIXTURE(Fixture, "a sink is given everything while the outcome keeps the last 64 KiB") {
    std::size_t seen = 0;
    const auto said = run(shell("head -c 3000000 /dev/zero; echo tail"),
                          [&](Stream, std::string_view bytes) { seen += bytes.size(); });
    REQUIRE(said);
    CHECK(seen == 3000005);
    CHECK(said->out.size() == 65536);
    CHECK(ends_with(said->out, "tail\n"));
  }

  TEST_CASE_FIXTURE(Fixture, "a grandchild that holds the pipe does not hold the caller") {
    std::string out;
    const double took = seconds_of([&] { out = run(shell("sleep 5 & echo $!"))->out; });
    CHECK(took < 2);
    ::kill(std::atoi(out.c_str()), SIGKILL);
  }

  TEST_CASE_FIXTURE(Fixture, "on its timeout a tree that ignores TERM is gone") {
    Command command = shell("trap '' TERM; (trap '' TERM; sleep 60) & echo $!; echo $$; sleep 60");
    command.timeout = std::chrono::milliseconds(300);
    std::string pids;
    std::optional<Result<Outcome>> result;
    const double took = seconds_of(
        [&] { result = run(command, [&](Stream, std::string_view bytes) { pids += bytes; }); });
    REQUIRE(!result->has_value());
    CHECK(result->error().status == Status::timeout);
    CHECK(took < 3);
    for (const auto line : split_lines(pids))
      if (!line.empty()) CHECK(dies(std::atoi(std::string(line).c_str())));
  }

  TEST_CASE_FIXTURE(Fixture, "one that no signal ends is left behind at its deadline") {
    // A frozen process is as deaf as one that hangs in a driver.
    const std::string cage = "/sys/fs/cgroup/freezer/dtenv-unit-" + std::to_string(::getpid());
    SKIP_UNLESS(::mkdir(cage.c_str(), 0700) == 0, "needs root and version 1 of the freezer cgroup");
    Command command = shell("echo $$ >" + cage + "/cgroup.procs; echo FROZEN >" + cage +
                            "/freezer.state; exec sleep 60");
    command.timeout = std::chrono::milliseconds(300);
    const auto begin = std::chrono::steady_clock::now();
    const auto result = run(command);
    const auto took = std::chrono::steady_clock::now() - begin;
    std::ofstream(cage + "/freezer.state") << "THAWED";
    for (int i = 0; i < 200 && ::rmdir(cage.c_str()) != 0; ++i) ::usleep(10000);
    CHECK(took < std::chrono::seconds(4));
    REQUIRE(!result.has_value());
    CHECK(result.error().status == Status::timeout);
  }

  TEST_CASE_FIXTURE(Fixture,
                    "a cancelled one returns at once and its tree ends within two seconds") {
    const Command command = shell("trap '' TERM; echo $$; sleep 60");
    std::string said;
    Started<Result<Outcome>> started(
        loop, run_child(command, [&](Stream, std::string_view bytes) { said += bytes; }));
    REQUIRE(started.until([&] { return contains(said, "\n"); }));
    const pid_t pid = std::atoi(said.c_str());
    REQUIRE(is_alive(pid));
    started.cancel();
    CHECK(started.until([&] { return started.done(); }, std::chrono::milliseconds(200)));
    CHECK(started.was_cancelled());
    CHECK(started.until([&] { return !is_alive(pid); }, std::chrono::seconds(2)));
    CHECK(started.until([&] { return ::waitpid(pid, nullptr, WNOHANG) == -1; },
                        std::chrono::seconds(1)));
  }

  TEST_CASE("a loop that goes away takes its children along") {
    pid_t pid = 0;
    {
      asio::io_context loop;
      const Command command = shell("trap '' TERM; echo $$; sleep 60");
      std::string said;
      Started<Result<Outcome>> started(
          loop, run_child(command, [&](Stream, std::string_view bytes) { said += bytes; }));
      REQUIRE(started.until([&] { return contains(said, "\n"); }));
      pid = std::atoi(said.c_str());
    }
    CHECK(!is_alive(pid));
    CHECK(::waitpid(pid, nullptr, WNOHANG) == -1);
  }

  TEST_CASE_FIXTURE(Fixture,
                    "where the embedding process ignores SIGCHLD the child is lost, at once") {
    ::signal(SIGCHLD, SIG_IGN);
    const auto slow = run(shell("sleep 0.1"));
    const auto quick = run(shell("true"));
    ::signal(SIGCHLD, SIG_DFL);
    REQUIRE(!slow);
    CHECK(slow.error().status == Status::child_lost);
    REQUIRE(!quick);
    CHECK(quick.error().status == Status::child_lost);
  }

  TEST_CASE_FIXTURE(Fixture, "no descriptor is left after many runs, failed ones among them") {
    run(shell("true"));
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 30; ++i) {
      Command command = shell("cat; echo hi");
      command.input = "x";
      run(command);
      command.argv = {"no-such-program-here"};
      run(command);
    }
    CHECK(open_descriptors() == before);
  }

  TEST_CASE_FIXTURE(Fixture, "an empty argv and a NUL are the caller's mistakes") {
    Command command;
    CHECK(run(command).error().status == Status::invalid);
    command.argv = {"echo", std::string("a\0b", 3)};
    CHECK(run(command).error().status == Status::invalid);
    command.argv = {"echo"};
    for (const char* name : {"", "A=B"}) {
      command.env = {{name, "x"}};
      CHECK(run(command).error().status == Status::invalid);
    }
  }
}

TEST_SUITE("command_error") {
  TEST_CASE("names the command, how it ended and its last words") {
    Command command;
    command.argv = {"docker", "info"};
    Outcome outcome;
    outcome.exit_code = 1;
    outcome.err = "a\nCannot connect\n\n";
    CHECK(command_error(command, outcome).message == "docker info: exit 1: Cannot connect");
    outcome.signal = 9;
    outcome.err.clear();
    CHECK(command_error(command, outcome).message == "docker info: ended by signal 9");
  }
}

}  // namespace
}  // namespace dtenv
