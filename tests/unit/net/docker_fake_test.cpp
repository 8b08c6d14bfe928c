// The client against an engine that misbehaves.
#include <doctest/doctest.h>

#include "fake_engine.hpp"
#include "net/curl_loop.hpp"
#include "net/docker_client.hpp"
#include "net_testing.hpp"

using namespace dtenv;

namespace {

struct Fixture {
  asio::io_context loop;
  FakeEngine engine{loop};
  CurlLoop curl{loop.get_executor()};
  DockerClient client{curl, engine.path(), "n1"};
  Docker& docker = client;
};

}  // namespace

TEST_SUITE("Docker: versions") {
  TEST_CASE_FIXTURE(Fixture, "the older of both sides is spoken, and asked for once") {
    const auto version = run_task(loop, docker.version());
    REQUIRE_MESSAGE(version.has_value(), version.error());
    CHECK(version->api == "1.41");
    engine.on("GET /info", FakeEngine::json(200, R"({"ID":"x"})"));
    CHECK(run_task(loop, docker.get("/info")).has_value());
    CHECK(engine.targets.back() == "/v1.41/info");
    CHECK(engine.requests.size() == 3);
    docker.forget();
    engine.on("HEAD /_ping", FakeEngine::head(200, "Api-Version: 1.53\r\nBuilder-Version: 2\r\n"));
    const auto newer = run_task(loop, docker.version());
    CHECK(newer->api == "1.47");
    CHECK(newer->buildkit);
  }

  TEST_CASE_FIXTURE(Fixture, "an engine below 1.40, or that wants more than we speak, is VERSION") {
    engine.on("HEAD /_ping", FakeEngine::head(200, "Api-Version: 1.39\r\n"));
    CHECK(run_task(loop, docker.version()).error().status == Status::version);
    engine.on("HEAD /_ping", FakeEngine::head(200, "Api-Version: 1.60\r\n"));
    engine.on("GET /version", FakeEngine::json(200, R"({"Version":"40","MinAPIVersion":"1.50"})"));
    CHECK(run_task(loop, docker.version()).error().status == Status::version);
  }
}

TEST_SUITE("Docker: replies") {
  TEST_CASE_FIXTURE(Fixture, "304 is a success that changed nothing") {
    engine.on("POST /containers/c/stop", FakeEngine::head(304, ""));
    bool same = false;
    const auto reply =
        run_task(loop, docker.post("/containers/c/stop", nullptr, std::chrono::seconds(5), &same));
    REQUIRE(reply.has_value());
    CHECK(reply->is_null());
    CHECK(same);
  }

  TEST_CASE_FIXTURE(Fixture, "an error in plain text keeps its words and names the machine") {
    engine.on("GET /x", FakeEngine::text(400, "client is ancient\n", "text/plain"));
    const auto reply = run_task(loop, docker.get("/x?secret=1"));
    REQUIRE(reply.has_error());
    CHECK(reply.error().status == Status::config);
    CHECK(reply.error().message == "GET /x: client is ancient");
    CHECK(reply.error().host == "n1");
  }

  TEST_CASE_FIXTURE(Fixture, "what is not there is nullopt, another 404 is an error") {
    engine.on("GET /containers/a%2Fb/json",
              FakeEngine::json(404, R"({"message":"No such container: a/b"})"));
    const auto absent = run_task(loop, docker.inspect_container("a/b"));
    REQUIRE(absent.has_value());
    CHECK(!absent->has_value());
    CHECK(run_task(loop, docker.inspect_image("x")).error().status == Status::not_found);
  }

  TEST_CASE_FIXTURE(Fixture, "a head of 400 KiB is IO, on one line or on many") {
    engine.on("GET /x", FakeEngine::head(200, "X-A: " + std::string(400 << 10, 'x') + "\r\n"));
    CHECK(run_task(loop, docker.get("/x")).error().status == Status::io);
    std::string many;
    for (int i = 0; i < 8000; ++i) many += "X-Header-" + std::to_string(i) + ": 0123456789\r\n";
    engine.on("GET /x", FakeEngine::head(200, many));
    const auto reply = run_task(loop, docker.get("/x"));
    CHECK(reply.error().status == Status::io);
    CHECK(contains(reply.error().message, "head is longer"));
  }

  TEST_CASE_FIXTURE(Fixture, "JSON that is none is IO") {
    engine.on("GET /x", FakeEngine::json(200, "{]"));
    CHECK(run_task(loop, docker.get("/x")).error().status == Status::io);
  }

  TEST_CASE_FIXTURE(Fixture, "a silent engine is TIMEOUT, a cut reply is IO") {
    engine.on("GET /x", FakeEngine::Reply{{}, true, true});
    CHECK(run_task(loop, docker.get("/x", Duration(100))).error().status == Status::timeout);
    engine.on("GET /x", FakeEngine::head(200, "Content-Length: 100\r\n") + "{\"a\":");
    const auto cut = run_task(loop, docker.get("/x"));
    CHECK(cut.error().status == Status::io);
    CHECK(contains(cut.error().message, "cut"));
  }
}

TEST_SUITE("Docker: no engine") {
  TEST_CASE("absent, dangling, a file, refused: each says so") {
    asio::io_context loop;
    CurlLoop curl(loop.get_executor());
    char folder[] = "/tmp/dtenv-net-XXXXXX";
    const std::string base = ::mkdtemp(folder);
    const std::string path = base + "/docker.sock";
    const auto ask = [&] {
      DockerClient client(curl, path, "n1");
      Docker& docker = client;
      return run_task(loop, docker.version()).error();
    };
    CHECK(ask().status == Status::not_found);
    CHECK(contains(ask().message, "no such socket"));
    REQUIRE(::symlink("/nonexistent/docker.sock", path.c_str()) == 0);
    CHECK(contains(ask().message, "symlink to nothing"));
    ::unlink(path.c_str());
    ::close(::creat(path.c_str(), 0600));
    CHECK(contains(ask().message, "not a socket"));
    CHECK(ask().status == Status::io);
    ::unlink(path.c_str());
    { asio::local::stream_protocol::acceptor gone(loop, path); }
    CHECK(ask().status == Status::not_found);
    CHECK(contains(ask().message, "no engine listens"));
    ::unlink(path.c_str());
    ::rmdir(base.c_str());
  }

  TEST_CASE_FIXTURE(Fixture, "a forwarded socket with nothing behind it is NOT_FOUND") {
    engine.on("HEAD /_ping", "");
    CHECK(run_task(loop, docker.version()).error().status == Status::not_found);
  }
}
