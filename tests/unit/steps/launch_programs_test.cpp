// The constant programs of a launch, run for real by this machine's sh.
#include "steps/launch_programs.hpp"

#include "unit/steps/launch_testing.hpp"

using namespace dtenv;

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
