// The constant programs of a launch, run for real by this machine's sh.
#include "steps/launch_programs.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/digest.hpp"
#include "proc/child.hpp"
#include "support/loop.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

namespace files = std::filesystem;
using Clock = std::chrono::steady_clock;

/// One run on this machine, and all of its processes gone with it.
struct LocalRun {
  std::string job = hex(random_bytes(6));
  std::string folder = std::string(launch_folder) + "/" + job + ".1";

  LocalRun() = default;
  LocalRun(const LocalRun&) = delete;
  LocalRun& operator=(const LocalRun&) = delete;
  ~LocalRun() {
    stop();
    // A keeper at its last words may still write there.
    std::error_code busy;
    do files::remove_all(folder, busy);
    while (busy == std::errc::directory_not_empty);
  }

  static Outcome run(Argv argv, Environ env = {}) {
    asio::io_context loop;
    Command command;
    command.argv = std::move(argv);
    command.env = std::move(env);
    command.output_limit = std::size_t{64} << 20;
    auto done = run_on(loop, run_child(command));
    REQUIRE_MESSAGE(done.has_value(), done.error());
    return std::move(*done);
  }
  Outcome begin(const Argv& words, Environ env = {}) {
    Argv argv = {"sh", "-c", std::string(start_program), "dtenv", folder,
                 job,  "/",  std::string(stop_program),  "",      ""};
    argv.insert(argv.end(), words.begin(), words.end());
    env.emplace_back("DTENV_RUN", folder);
    return run(std::move(argv), std::move(env));
  }
  std::string stop() { return run({"sh", "-c", std::string(stop_program), "dtenv", job, "1"}).out; }
  std::string file(const std::string& name) const {
    std::ifstream in(folder + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool eventually(const std::string& name, int seconds = 20) const {
    const auto end = Clock::now() + std::chrono::seconds(seconds);
    while (file(name).empty() && Clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return !file(name).empty();
  }
  /// How many processes carry the job's mark, its keeper among them.
  std::size_t alive() const {
    const Outcome found = run({"sh", "-c",
                               "grep -lzxF -e \"DTENV_JOB=$1\" /proc/[0-9]*/environ "
                               "2>/dev/null; true",
                               "sh", job});
    return split_lines(found.out).size();
  }
};

Argv ranked(const std::string& mode, const std::string& logs, const Argv& words) {
  Argv argv = {"sh", "-c", std::string(keep_rank_program), "dtenv-rank", mode, logs};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

bool skipped() {
  if (::geteuid() == 0) return false;
  MESSAGE("skipped: /run/dtenv needs root");
  return true;
}

/// Words as an attacker or a JSON writer would have them; no NUL.
std::string strange_word(std::mt19937& random) {
  const std::string alphabet = "ab \n\t\r\"'`$\\%;&|<>(){}[]*?~#!=-/.,:@^\x01\x7f";
  const std::vector<std::string> pieces = {"ü", "日本", "$HOME", "$(id)", "''", "--", "%n", "\\n"};
  std::string word;
  for (std::size_t left = random() % 12; left > 0; --left)
    word += random() % 5 == 0 ? pieces[random() % pieces.size()]
                              : std::string(1, alphabet[random() % alphabet.size()]);
  return word;
}

}  // namespace

TEST_SUITE("launch programs") {
  TEST_CASE("a run is begun once, its output and its exit status stay") {
    if (skipped()) return;
    LocalRun run;
    CHECK(run.begin({"sh", "-c", "echo out; echo err >&2; exit 7"}).ok());
    REQUIRE(run.eventually("exit"));
    CHECK(run.file("exit") == "7\n");
    CHECK(run.file("out") == "out\n");
    CHECK(run.file("err") == "err\n");
    CHECK(run.begin({"true"}).exit_code == 75);
  }

  TEST_CASE("a run that fails at once does not take its own beginning with it") {
    if (skipped()) return;
    for (int i = 0; i < 20; ++i) {
      LocalRun run;
      CHECK(run.begin({"false"}).exit_code == 0);
      REQUIRE(run.eventually("exit"));
    }
  }

  TEST_CASE("after kill -9 of the launcher none of its ranks is left, and another job's are") {
    if (skipped()) return;
    LocalRun other;
    CHECK(other.begin({"sleep", "300"}).ok());
    LocalRun run;
    // Ranks that leave the session, ignore TERM, or are plain.
    CHECK(run.begin({"sh", "-c",
                     "setsid sleep 301 & (trap '' TERM; sleep 302; sleep 302) & sleep 303 & "
                     "echo $$ >\"$DTENV_RUN/launcher\"; wait"})
              .ok());
    REQUIRE(run.eventually("launcher"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(run.alive() >= 5);
    LocalRun::run({"kill", "-9", std::string(trim(run.file("launcher")))});
    REQUIRE(run.eventually("exit"));
    CHECK(run.file("exit") == "137\n");
    CHECK(run.alive() <= 1);  // the keeper may be at its last words
    CHECK(other.alive() >= 2);
    CHECK(other.file("exit") == "");
  }

  TEST_CASE("a failed rank ends the others and the launcher within two seconds and the grace") {
    if (skipped()) return;
    LocalRun run;
    const std::string begin_both =
        "RANK=0 sh -c \"$1\" dtenv-rank tag '' sleep 3600 & "
        "RANK=5 sh -c \"$1\" dtenv-rank tag '' sh -c 'exit 3' & sleep 3600";
    const auto start = Clock::now();
    CHECK(run.begin({"sh", "-c", begin_both, "sh", std::string(keep_rank_program)}).ok());
    REQUIRE(run.eventually("exit"));
    CHECK(Clock::now() - start < std::chrono::milliseconds(6000));
    CHECK(starts_with(run.file("ranks/5"), "3 "));
    CHECK(starts_with(run.file("ranks/0"), "143 "));
    CHECK(run.alive() <= 1);
  }

  TEST_CASE("a rank that failed on another node, as its launcher hands it on, ends the run too") {
    if (skipped()) return;
    LocalRun run;
    const std::string far = "sh -c \"$1\" dtenv-rank tag '' sh -c 'echo said; exit 3'";
    CHECK(run.begin({"sh", "-c", "DTENV_RUN=/proc/none RANK=5 " + far + "; exec sleep 3600", "sh",
                     std::string(keep_rank_program)})
              .ok());
    REQUIRE(run.eventually("exit"));
    CHECK(run.file("exit") == "143\n");
    CHECK(run.file("out") == "[1,5]<stdout>:said\n[1,5]<failed>:3\n");
  }

  TEST_CASE("the end of a run is written down, however many stop it meanwhile") {
    if (skipped()) return;
    for (int i = 0; i < 10; ++i) {
      LocalRun run;
      CHECK(run.begin({"sh", "-c", "trap '' TERM; sleep 300; sleep 300"}).ok());
      const std::string both = "sh -c \"$1\" stop \"$2\" 0 & sh -c \"$1\" stop \"$2\" 0; wait";
      LocalRun::run({"sh", "-c", both, "sh", std::string(stop_program), run.job});
      REQUIRE(run.eventually("exit"));
      CHECK(run.file("exit") == "137\n");
    }
  }

  TEST_CASE("a signal's number and the program's own code come through the rank's keeper") {
    if (skipped()) return;
    LocalRun run;
    CHECK(LocalRun::run(ranked("tag", "", {"sh", "-c", "kill -9 $$"}), {{"RANK", "0"}}).exit_code ==
          137);
    CHECK(LocalRun::run(ranked("tag", "", {"sh", "-c", "exit 255"}), {{"RANK", "0"}}).exit_code ==
          255);
  }

  TEST_CASE(
      "every rank's output is kept, apart, and shown too where there is a launcher to read it") {
    if (skipped()) return;
    LocalRun run;
    const std::string logs = run.folder + ".logs";
    const Argv words = {"sh", "-c", "printf 'one\\ntwo'; echo wrong >&2"};
    const Outcome shown = LocalRun::run(ranked("tag", logs, words), {{"PMI_RANK", "3"}});
    CHECK(shown.out == "[1,3]<stdout>:one\n[1,3]<stdout>:two");
    CHECK(shown.err == "[1,3]<stderr>:wrong\n");
    CHECK(LocalRun::run(ranked("file", logs, words), {{"RANK", "4"}}).out == "");
    for (const char* rank : {"3", "4"}) {
      std::ifstream in(logs + "/rank." + rank + ".out");
      CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "one\ntwo");
    }
    files::remove_all(logs);
  }

  TEST_CASE("a rank's keeper ends once all of its output is out, however slowly") {
    if (skipped()) return;
    LocalRun run;
    const std::string logs = run.folder + ".logs";
    files::create_directories(logs);
    std::ofstream(logs + "/tee") << "#!/bin/sh\ncase $* in *out) sleep \"$SLOW\" ;; esac\n"
                                    "exec /usr/bin/tee \"$@\"\n";
    files::permissions(logs + "/tee", files::perms::owner_all);
    for (const char* slow : {"0.3", "2.5"}) {
      Argv words = ranked("tag", logs, {"sh", "-c", "echo one; echo wrong >&2"});
      words.insert(words.begin(), {"sh", "-c", "\"$@\"; echo END", "sh"});
      const std::string path = logs + ":" + std::getenv("PATH");
      const Outcome shown =
          LocalRun::run(words, {{"PMI_RANK", "3"}, {"SLOW", slow}, {"PATH", path}});
      CHECK(shown.out == "[1,3]<stdout>:one\nEND\n");
    }
    files::remove_all(logs);
  }

  TEST_CASE("what a rank has left behind with its output open holds nobody up") {
    if (skipped()) return;
    LocalRun run;
    files::create_directories(launch_folder);
    Argv words = ranked("tag", "", {"sh", "-c", "echo one; sleep 300 & echo $!"});
    words.insert(words.begin(), {"timeout", "20"});
    words.insert(words.begin(), {"sh", "-c", "\"$@\" >\"$0\"; echo $?", run.folder});
    CHECK(LocalRun::run(words, {{"PMI_RANK", "3"}}).out == "0\n");
    std::ifstream in(run.folder);
    const std::string said(std::istreambuf_iterator<char>(in), {});
    REQUIRE(starts_with(said, "[1,3]<stdout>:one\n[1,3]<stdout>:"));
    CHECK(LocalRun::run({"kill", std::string(trim(said.substr(said.rfind(':') + 1)))}).ok());
    files::remove(run.folder);
  }

  TEST_CASE("a line without an end is shown in parts, and kept as it is") {
    if (skipped()) return;
    LocalRun run;
    const std::string logs = run.folder + ".logs";
    const Argv words = {"sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"};
    const Outcome shown = LocalRun::run(ranked("tag", logs, words), {{"PMI_RANK", "3"}});
    const auto lines = split_lines(shown.out);
    CHECK(lines.size() == 3000000 / 65536 + 1);
    CHECK(lines.front() == "[1,3]<stdout>:" + std::string(65536, 'x'));
    CHECK(files::file_size(logs + "/rank.3.out") == 3000000);
    files::remove_all(logs);
  }

  TEST_CASE("10,000 random words and values arrive at the rank byte for byte") {
    if (skipped()) return;
    std::mt19937 random(20260101);
    for (int launch = 0; launch < 10; ++launch) {
      LocalRun run;
      std::string wanted;
      Argv words = {"sh", "-c", "printf '%s\\0' \"$@\"; printf '%s\\0' \"$VECTOR\"", "sh"};
      for (int i = 0; i < 999; ++i) {
        words.push_back(strange_word(random));
        wanted += words.back() + '\0';
      }
      const std::string value = strange_word(random) + strange_word(random);
      wanted += value + '\0';
      CHECK(run.begin(ranked("file", run.folder, words), {{"VECTOR", value}, {"RANK", "0"}}).ok());
      REQUIRE(run.eventually("exit"));
      CHECK(run.file("rank.0.out") == wanted);
    }
  }

  TEST_CASE("a follower shows each rank's lines with its number until the run's end") {
    if (skipped()) return;
    LocalRun run;
    const std::string program =
        "RANK=0 sh -c \"$1\" dtenv-rank file \"$DTENV_RUN\" sh -c 'echo zero; echo bad >&2' & "
        "RANK=1 sh -c \"$1\" dtenv-rank file \"$DTENV_RUN\" sh -c 'sleep 0.4; echo one' & wait";
    CHECK(run.begin({"sh", "-c", program, "sh", std::string(keep_rank_program)}).ok());
    const Outcome shown =
        LocalRun::run({"sh", "-c", std::string(follow_program), "dtenv", run.folder, run.job,
                       std::string(stop_program), "", run.folder, "0", "1"});
    CHECK(shown.ok());
    for (const char* line : {"[1,0]<stdout>:zero\n", "[1,0]<stderr>:bad\n", "[1,1]<stdout>:one\n"})
      CHECK_MESSAGE(contains(shown.out, line), shown.out);
  }

  TEST_CASE("unattended: the lifeline's end ends the run, unless somebody else follows by then") {
    if (skipped()) return;
    LocalRun run;
    CHECK(run.begin({"sleep", "300"}).ok());
    const auto follow = [&](const std::string& unattended, const std::string& before) {
      // Its standard input ends when the program before the bar does.
      return LocalRun::run({"sh", "-c", before + " | timeout 2 sh -c \"$@\"", "sh",
                            std::string(follow_program), "dtenv", run.folder, run.job,
                            std::string(stop_program), unattended, run.folder});
    };
    follow("60", "true");
    CHECK(run.file("exit") == "");
    follow("0", "true");
    REQUIRE(run.eventually("exit"));
    CHECK(run.file("exit") == "143\n");
    CHECK(run.alive() <= 1);
  }

  TEST_CASE("runs are listed as exited, running or lost") {
    if (skipped()) return;
    LocalRun ended;
    LocalRun running;
    CHECK(ended.begin({"false"}).ok());
    CHECK(running.begin({"sleep", "300"}).ok());
    REQUIRE(ended.eventually("exit"));
    const auto list = [] {
      return LocalRun::run(
                 {"sh", "-c", std::string(list_program), "dtenv", std::string(launch_folder)})
          .out;
    };
    CHECK(contains(list(), ended.job + ".1 exited 1\n"));
    CHECK(contains(list(), running.job + ".1 running 0\n"));
    LocalRun::run({"kill", "-9", std::string(trim(running.file("pid")))});
    CHECK(contains(list(), running.job + ".1 lost 0\n"));
    // What watched it ends all that is left of it, and itself.
    const auto left = [&running] {
      const auto watches = LocalRun::run({"pgrep", "-f", "dtenv-watch.*" + running.job}).out;
      return running.alive() + split_lines(watches).size();
    };
    for (int tries = 0; left() > 0 && tries < 400; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(left() == 0);
  }
}
