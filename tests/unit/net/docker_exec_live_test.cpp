// Against the engine of this machine; where none answers, or there is no static busybox to make an
// image of, the cases say so and pass.
#include <doctest/doctest.h>

#include "live_engine.hpp"

using namespace dtenv;

TEST_SUITE("Docker on this machine: exec") {
  TEST_CASE("stdout and stderr stay apart, and exit codes come through") {
    auto* here = engine();
    if (here == nullptr) return;
    for (const int code : {0, 3}) {
      const auto ended =
          here->exec({"sh", "-c", "echo out; echo err >&2; exit " + std::to_string(code)});
      REQUIRE_MESSAGE(ended.has_value(), ended.error());
      CHECK(ended->out == "out\n");
      CHECK(ended->err == "err\n");
      CHECK(ended->exit_code == code);
    }
  }

  TEST_CASE("what is not there is 127, what cannot be run 126, with the reason on stderr") {
    auto* here = engine();
    if (here == nullptr) return;
    const auto absent = here->exec({"/no/such/program"});
    REQUIRE_MESSAGE(absent.has_value(), absent.error());
    CHECK(absent->exit_code == 127);
    CHECK(absent->out.empty());
    CHECK(contains(absent->err, "no such file"));
    CHECK(here->exec({"nosuchprogram"})->exit_code == 127);
    CHECK(here->exec({"/tmp"})->exit_code == 126);
  }

  TEST_CASE("five megabytes go in and come out, and the end of stdin is seen") {
    auto* here = engine();
    if (here == nullptr) return;
    const std::string bytes = random_bytes(std::size_t{5} << 20);
    const auto ended = here->exec({"cat"}, bytes);
    REQUIRE_MESSAGE(ended.has_value(), ended.error());
    CHECK(ended->exit_code == 0);
    CHECK((ended->out == bytes));
  }

  TEST_CASE("a program that does not read its input ends all the same") {
    auto* here = engine();
    if (here == nullptr) return;
    const auto ended = here->exec({"sh", "-c", "exit 4"}, std::string(std::size_t{1} << 20, 'x'));
    REQUIRE_MESSAGE(ended.has_value(), ended.error());
    CHECK(ended->exit_code == 4);
  }

  TEST_CASE("directory, environment and user are the command's") {
    auto* here = engine();
    if (here == nullptr) return;
    Command command;
    command.argv = {"sh", "-c", "echo \"$PWD $WORD $(id -u)\""};
    command.env = {{"WORD", "a b=c"}};
    command.directory = "/tmp";
    const auto ended = run_task(here->loop, here->docker.exec(container, command, {}, "33:33"));
    REQUIRE_MESSAGE(ended.has_value(), ended.error());
    CHECK(ended->out == "/tmp a b=c 33\n");
  }

  TEST_CASE("cancelling leaves no process, not even one that ignores TERM in its own session") {
    auto* here = engine();
    if (here == nullptr) return;
    const std::string script =
        "trap '' TERM; sleep 90001 & setsid sleep 90001 & "
        "env -i sleep 90001 & echo up; sleep 90001; sleep 90001";
    for (const std::string user : {"", "33"}) {
      Command command;
      command.argv = {"sh", "-c", script};
      bool is_up = false;
      const OutputSink sink = [&](Stream, std::string_view) { is_up = true; };
      const auto took = cancel_task(here->loop, here->docker.exec(container, command, sink, user),
                                    [&] { return is_up; });
      CHECK(took.count() < 2000);
      CHECK(here->count("90001") == 0);
    }
  }

  TEST_CASE("a timeout ends the program too") {
    auto* here = engine();
    if (here == nullptr) return;
    Command command;
    command.argv = {"sleep", "90002"};
    command.timeout = std::chrono::milliseconds(300);
    const auto ended = run_task(here->loop, here->docker.exec(container, command));
    REQUIRE(ended.has_error());
    CHECK(ended.error().status == Status::timeout);
    CHECK(here->count("90002") == 0);
  }

  TEST_CASE("cancelling at any moment of the start leaves no process") {
    auto* here = engine();
    if (here == nullptr) return;
    Command command;
    command.argv = {"sleep", "90003"};
    for (int turns = 1; turns < 36; turns += 3) {
      int left = turns;
      const auto took = cancel_task(here->loop, here->docker.exec(container, command),
                                    [&] { return --left <= 0; });
      CHECK(took.count() < 2500);
    }
    // What was cancelled before its start was sent may be ended in the background.
    here->loop.restart();
    here->loop.run_for(std::chrono::milliseconds(100));
    CHECK(here->count("90003") == 0);
  }

  TEST_CASE("what runs by a marker of one's own is ended by it") {
    auto* here = engine();
    if (here == nullptr) return;
    json::object body;
    body["Cmd"] = json::array({"sleep", "90004"});
    body["Env"] = json::array({std::string(Docker::exec_marker) + "=run-" + run_id});
    json::value create = body;
    const auto made =
        run_task(here->loop, here->docker.post("/containers/" + container + "/exec", create));
    REQUIRE(made.has_value());
    const std::string id(made->at("Id").as_string());
    json::object detach;
    detach["Detach"] = true;
    create = detach;
    REQUIRE(run_task(here->loop, here->docker.post("/exec/" + id + "/start", create)).has_value());
    const auto state = run_task(here->loop, here->docker.exec_state(id));
    CHECK(state->running);
    CHECK(state->pid > 0);
    CHECK(run_task(here->loop, here->docker.end_marked(container, "run-" + run_id)).has_value());
    CHECK(here->count("90004") == 0);
    CHECK(run_task(here->loop, here->docker.end_marked(container, "run-none")).has_value());
  }
}
