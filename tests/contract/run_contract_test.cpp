// What every machine's run() must do.
#include <signal.h>

#include <random>

#include "base/digest.hpp"
#include "contract/setup.hpp"
#include "unit/doctest_result.hpp"

#define RUNNERS LocalSetup, SshSetup, BareSshSetup, ContainerSetup

namespace dtenv {
namespace {

std::string random_word(std::mt19937& random) {
  static const std::string special =
      "\n\n'\"\\ $`!*?[]{}()<>|&;#~=%\t\r\x01\x7f\x80\x81\x88\xff\xc3\xa9-";
  std::string word;
  const auto size = random() % 24;
  for (unsigned i = 0; i < size; ++i)
    word += random() % 2 == 0 ? special[random() % special.size()]
                              : static_cast<char>(1 + random() % 255);
  return word;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Task<Result<Outcome>> run_slowly(Host& host, int number) {
  Command command;
  command.argv = {"sh", "-c", "sleep 0.3; echo $1", "x", std::to_string(number)};
  co_return co_await host.run(command);
}

TEST_SUITE("run") {
  TEST_CASE_TEMPLATE("argv arrives byte for byte", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    std::mt19937 random(7);
    for (int i = 0; i < setup.argv_vectors; ++i) {
      Argv argv{"printf", "%s\\0"};
      std::string expected;
      const auto count = 1 + random() % 6;
      for (unsigned j = 0; j < count; ++j) {
        argv.push_back(random_word(random));
        expected += argv.back() + '\0';
      }
      const auto said = setup.run(argv);
      REQUIRE(said);
      REQUIRE(hex(said->out) == hex(expected));
    }
  }

  TEST_CASE_TEMPLATE("5 MB go in and come out unchanged", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const std::string bytes = random_bytes(std::size_t{5} << 20);
    const auto said = setup.run({"cat"}, bytes);
    REQUIRE(said);
    CHECK(said->exit_code == 0);
    CHECK(sha256(said->out) == sha256(bytes));
  }

  TEST_CASE_TEMPLATE("both streams and the exit status", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const auto said = setup.run({"sh", "-c", "printf out; printf err >&2; exit 7"});
    REQUIRE(said);
    CHECK(said->out == "out");
    CHECK(said->err == "err");
    CHECK(said->exit_code == 7);
    CHECK(setup.run({"sh", "-c", "exit 255"})->exit_code == 255);
    CHECK(setup.run({"sh", "-c", "kill -9 $$"})->exit_code == 137);
    CHECK(setup.run({"no-such-program-here"})->exit_code == 127);
  }

  TEST_CASE_TEMPLATE("environment, folder and an unread input", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    Command command;
    command.argv = {"sh", "-c", "echo \"$A|$B|$LC_ALL\"; pwd"};
    command.env = {{"A", "x y"}, {"B", "line\n'two'"}};
    command.directory = setup.folder;
    command.input = std::string(std::size_t{1} << 20, 'x');
    const auto said = setup.run(command);
    REQUIRE(said);
    CHECK(said->out == "x y|line\n'two'|C.UTF-8\n" + setup.folder + "\n");
    CHECK(setup.run({"echo", "next"})->out == "next\n");
  }

  TEST_CASE_TEMPLATE("nothing given is nothing read", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    CHECK(setup.run({"cat"})->out.empty());
  }

  TEST_CASE_TEMPLATE("output comes while the command runs", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    Command command;
    command.argv = {"sh", "-c", "echo first; sleep 60"};
    std::string seen;
    Started<Result<Outcome>> started(
        setup.loop, setup.host->run(command, [&](Stream, auto bytes) { seen += bytes; }));
    CHECK(started.until([&] { return seen == "first\n"; }));
    started.cancel();
    CHECK(started.until([&] { return started.done(); }, std::chrono::milliseconds(2500)));
  }

  TEST_CASE_TEMPLATE("a timeout ends the command there", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    Command command;
    command.argv = {"sh", "-c", "trap '' TERM; echo $$ >$1/pid; while :; do sleep 1; done", "x",
                    setup.folder};
    command.timeout = std::chrono::milliseconds(1000);
    const auto begin = std::chrono::steady_clock::now();
    const auto said = setup.run(command);
    REQUIRE(!said);
    CHECK(said.error().status == Status::timeout);
    CHECK(seconds_since(begin) < 5);
    const std::string alive =
        "p=$(cat $1/pid) && kill -0 $p && [ \"$(cut -d' ' -f3 /proc/$p/stat)\" != Z ]";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    int found = 0;
    do {
      found = setup.run({"sh", "-c", alive, "x", setup.folder})->exit_code;
    } while (found == 0 && std::chrono::steady_clock::now() < deadline);
    CHECK(found != 0);
  }

  TEST_CASE_TEMPLATE("a cancel returns within two seconds and the command ends", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    Command command;
    command.argv = {"sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1; done"};
    std::string seen;
    Started<Result<Outcome>> started(
        setup.loop, setup.host->run(command, [&](Stream, auto bytes) { seen += bytes; }));
    REQUIRE(started.until([&] { return contains(seen, "\n"); }));
    started.cancel();
    CHECK(started.until([&] { return started.done(); }, std::chrono::milliseconds(2500)));
    CHECK(started.was_cancelled());
    const std::string pid(trim(seen));
    const std::string alive = "kill -0 $1 && [ \"$(cut -d' ' -f3 /proc/$1/stat)\" != Z ]";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    int found = 0;
    do {
      found = setup.run({"sh", "-c", alive, "x", pid})->exit_code;
    } while (found == 0 && std::chrono::steady_clock::now() < deadline);
    CHECK(found != 0);
  }

  TEST_CASE_TEMPLATE("commands run at the same time", T, RUNNERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    std::vector<std::unique_ptr<Started<Result<Outcome>>>> all;
    for (int i = 0; i < 10; ++i)
      all.push_back(
          std::make_unique<Started<Result<Outcome>>>(setup.loop, run_slowly(*setup.host, i)));
    for (int i = 0; i < 10; ++i) {
      auto& one = *all[static_cast<std::size_t>(i)];
      REQUIRE(one.until([&] { return one.done(); }, std::chrono::seconds(20)));
      REQUIRE(one.value());
      REQUIRE(*one.value());
      CHECK((*one.value())->out == std::to_string(i) + "\n");
    }
  }

  TEST_CASE_TEMPLATE("what a command leaves running holds nobody up", T, LocalSetup, SshSetup,
                     BareSshSetup) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const auto begin = std::chrono::steady_clock::now();
    const auto said = setup.run({"sh", "-c", "(sleep 2; echo late) & echo $!"});
    REQUIRE(said);
    for (int i = 0; i < 5; ++i) CHECK(setup.run({"echo", "mine"})->out == "mine\n");
    CHECK(seconds_since(begin) < 2);
    setup.run({"kill", std::string(trim(said->out))});
  }

  TEST_CASE_TEMPLATE("what a command leaves behind does not write into the next", T, LocalSetup,
                     SshSetup, BareSshSetup) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    REQUIRE(setup.run({"sh", "-c", "(sleep 0.4; echo late; echo late >&2) & echo"}));
    const auto next = setup.run({"sh", "-c", "echo one; sleep 0.8; echo two"});
    REQUIRE(next);
    CHECK(next->out == "one\ntwo\n");
    CHECK(next->err.empty());
  }
}

}  // namespace
}  // namespace dtenv
