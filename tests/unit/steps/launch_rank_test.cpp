// The keeper of one rank, run for real by this machine's sh: its output, its end, its words.
#include <cstdlib>
#include <random>

#include "steps/launch_programs.hpp"
#include "unit/steps/launch_testing.hpp"

using namespace dtenv;

namespace {

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

TEST_SUITE("a rank's keeper") {
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
}
