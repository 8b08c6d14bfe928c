// The streams of the client against an engine that misbehaves.
#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "fake_engine.hpp"
#include "net/curl_loop.hpp"
#include "net/docker_client.hpp"
#include "net/docker_errors.hpp"
#include "net_testing.hpp"

using namespace dtenv;

namespace {

struct Fixture {
  asio::io_context loop;
  FakeEngine engine{loop};
  CurlLoop curl{loop.get_executor()};
  DockerClient client{curl, engine.path(), "n1"};
  Docker& docker = client;

  Result<std::vector<std::string>> stream(BodySource body = {}) {
    std::vector<std::string> lines;
    const JsonLine line = [&](const json::object& object) {
      lines.push_back(json::serialize(object));
    };
    const auto ended =
        run_task(loop, docker.stream("/build?t=x", {}, std::move(body), line, Duration(5000)));
    if (ended.has_error()) return ended.error();
    return lines;
  }
};

const std::string stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_SUITE("Docker: streams") {
  TEST_CASE_FIXTURE(Fixture, "objects are found wherever pieces end") {
    engine.on("POST /build", FakeEngine::Reply{{stream_head, FakeEngine::chunk("{\"stream\":\"a"),
                                                FakeEngine::chunk("\"}\r\n{\"stream\""),
                                                FakeEngine::chunk(":\"b\"}\n{\"x\":1}\n"),
                                                FakeEngine::chunk("{\"y\":2}"), "0\r\n\r\n"}});
    const auto lines = stream(pieces_source({"tar ", "bytes"}));
    REQUIRE_MESSAGE(lines.has_value(), lines.error());
    CHECK(*lines == std::vector<std::string>{"{\"stream\":\"a\"}", "{\"stream\":\"b\"}",
                                             "{\"x\":1}", "{\"y\":2}"});
    CHECK(contains(engine.last_body, "tar "));
    CHECK(contains(engine.last_body, "bytes"));
  }

  TEST_CASE_FIXTURE(Fixture, "200 with an errorDetail is a failure in the engine's words") {
    engine.on("POST /build",
              stream_head +
                  FakeEngine::chunk("{\"stream\":\"Step 1\"}\n{\"errorDetail\":{\"code\":5,"
                                    "\"message\":\"The command 'x' returned a non-zero code: 5\"},"
                                    "\"error\":\"y\"}\n") +
                  "0\r\n\r\n");
    const auto lines = stream();
    REQUIRE(lines.has_error());
    CHECK(lines.error().status == Status::command);
    CHECK(lines.error().message == "POST /build: The command 'x' returned a non-zero code: 5");
    CHECK(engine_code(lines.error()) == "run_failed");
  }

  TEST_CASE_FIXTURE(Fixture, "a cut chunk and a short length are IO") {
    engine.on("POST /build", stream_head + "40\r\n{\"stream\":\"a\"}\n");
    CHECK(stream().error().status == Status::io);
    engine.on("POST /build", FakeEngine::head(200, "Content-Length: 90\r\n") + "{\"a\":1}\n");
    CHECK(stream().error().status == Status::io);
  }

  TEST_CASE_FIXTURE(Fixture, "a line that is no JSON, or above 1 MiB, is IO") {
    engine.on("POST /build", stream_head + FakeEngine::chunk("{\"a\":1}\nnope\n") + "0\r\n\r\n");
    CHECK(contains(stream().error().message, "object 2 of the reply is not JSON"));
    engine.on("POST /build",
              stream_head + FakeEngine::chunk(std::string(2 << 20, ' ')) + "0\r\n\r\n");
    CHECK(contains(stream().error().message, "longer than"));
  }

  TEST_CASE_FIXTURE(Fixture, "an early refusal ends an upload that has no end") {
    engine.on("POST /build",
              FakeEngine::Reply{{FakeEngine::json(400, R"({"message":"dockerfile parse error"})")},
                                false});
    const BodySource endless = [] {
      return finished(Result<std::string>(std::string(65536, 'x')));
    };
    const auto lines = stream(endless);
    REQUIRE(lines.has_error());
    CHECK(lines.error().status == Status::config);
  }

  TEST_CASE_FIXTURE(Fixture, "an error of the body's source is the request's error") {
    const BodySource broken = [] {
      return finished(Result<std::string>(Error{Status::state, "file shrank"}));
    };
    engine.on("POST /build", stream_head + "0\r\n\r\n");
    CHECK(stream(broken).error().message == "file shrank");
  }

  TEST_CASE_FIXTURE(Fixture, "an idle stream is TIMEOUT") {
    engine.on("POST /build", FakeEngine::Reply{{stream_head}, true, true});
    const auto ended = run_task(loop, docker.stream("/build", {}, {}, {}, Duration(100)));
    CHECK(ended.error().status == Status::timeout);
  }

  TEST_CASE_FIXTURE(Fixture, "a download waits for its sink, and stops with the sink's error") {
    engine.on("GET /images/x/get",
              FakeEngine::head(200, "Content-Length: 8388608\r\n") + std::string(8 << 20, 'z'));
    std::size_t total = 0;
    const BodySink count = [&](std::string_view piece) {
      total += piece.size();
      return finished(Result<void>{});
    };
    CHECK(run_task(loop, docker.download("/images/x/get", count)).has_value());
    CHECK(total == 8 << 20);
    const BodySink full = [&](std::string_view) {
      return finished(Result<void>(Error{Status::io, "disk full"}));
    };
    CHECK(run_task(loop, docker.download("/images/x/get", full)).error().message == "disk full");
  }

  TEST_CASE_FIXTURE(Fixture, "cancelling drops the connection at once") {
    engine.on("POST /build", FakeEngine::Reply{{stream_head}, true, true});
    const auto asked = [&] {
      return !engine.requests.empty() && engine.requests.back() == "POST /build";
    };
    CHECK(cancel_task(loop, docker.stream("/build", {}, {}, {}), asked).count() < 500);
  }
}

TEST_SUITE("Docker: hijacked connections") {
  const std::string upgraded =
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: "
      "application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\n"
      "Upgrade: tcp\r\n\r\n";

  void script(FakeEngine & engine, std::vector<std::string> pieces, bool reads_body = true) {
    engine.on("POST /containers/c/exec", FakeEngine::json(201, R"({"Id":"e1"})"));
    engine.on("POST /exec/e1/start", FakeEngine::Reply{std::move(pieces), reads_body});
    engine.on("GET /exec/e1/json",
              FakeEngine::json(200, R"({"Running":false,"ExitCode":3,"Pid":7})"));
  }

  std::string frame(char kind, const std::string& payload) {
    return std::string{kind, 0, 0, 0, 0, 0, 0, static_cast<char>(payload.size())} + payload;
  }

  Command hello() {
    Command command;
    command.argv = {"hello"};
    command.timeout = std::chrono::seconds(5);
    return command;
  }

  TEST_CASE_FIXTURE(Fixture, "frames split anywhere, and the status that is recorded") {
    const std::string bytes = upgraded + frame(1, "out") + frame(2, "err") + frame(1, "put");
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size(); at += 3) pieces.push_back(bytes.substr(at, 3));
    script(engine, pieces);
    const Command command = hello();
    const auto outcome = run_task(loop, docker.exec("c", command));
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
    CHECK(outcome->out == "output");
    CHECK(outcome->err == "err");
    CHECK(outcome->exit_code == 3);
  }

  TEST_CASE_FIXTURE(Fixture, "200 without an upgrade is a stream too") {
    script(engine, {FakeEngine::head(200, "Content-Type: application/vnd.docker.raw-stream\r\n") +
                    frame(1, "x")});
    const Command command = hello();
    CHECK(run_task(loop, docker.exec("c", command))->out == "x");
  }

  TEST_CASE_FIXTURE(Fixture, "an end within a frame is IO") {
    script(engine, {upgraded + frame(1, "whole") + frame(1, "cut").substr(0, 9)});
    const Command command = hello();
    const auto outcome = run_task(loop, docker.exec("c", command));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().status == Status::io);
    CHECK(contains(outcome.error().message, "cut within a frame"));
  }

  TEST_CASE_FIXTURE(Fixture, "a refusal is the engine's words") {
    script(engine, {FakeEngine::json(409, R"({"message":"Container 1 is not running"})")});
    const Command command = hello();
    const auto outcome = run_task(loop, docker.exec("c", command));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().status == Status::state);
    CHECK(engine_code(outcome.error()) == "not_running");
  }

  TEST_CASE_FIXTURE(Fixture, "the runtime's words on stdout become exit 127 and stderr") {
    const std::string words =
        "OCI runtime exec failed: exec failed: x: no such file or directory: unknown\r\n";
    script(engine, {upgraded + frame(1, words)});
    engine.on("GET /exec/e1/json", FakeEngine::json(200, R"({"Running":false,"ExitCode":126})"));
    const Command command = hello();
    const auto outcome = run_task(loop, docker.exec("c", command));
    REQUIRE(outcome.has_value());
    CHECK(outcome->exit_code == 127);
    CHECK(outcome->out.empty());
    CHECK(outcome->err == words);
  }
}
