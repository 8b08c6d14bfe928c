// Against the engine of this machine; where none answers, or there is no static busybox to make an
// image of, the cases say so and pass.
#include <doctest/doctest.h>

#include "live_engine.hpp"
#include "net/archive_info.hpp"
#include "net/docker_errors.hpp"

using namespace dtenv;

TEST_SUITE("Docker on this machine: errors") {
  TEST_CASE("are told apart") {
    auto* here = engine();
    if (here == nullptr) return;
    auto& docker = here->docker;
    CHECK(engine_code(run_task(here->loop, docker.get("/containers/dtenv-none/json")).error()) ==
          "no_such");
    CHECK(!run_task(here->loop, docker.inspect_container("dtenv-none"))->has_value());
    CHECK(!run_task(here->loop, docker.inspect_image("dtenv-none:1"))->has_value());
    CHECK(run_task(here->loop, docker.inspect_image(image))->has_value());
    json::object body;
    body["Image"] = image;
    body["Cmd"] = json::array({"sh", "-c", "echo said; echo complained >&2"});
    json::value create = body;
    const auto twice =
        run_task(here->loop, docker.post("/containers/create?name=" + container, create));
    CHECK(engine_code(twice.error()) == "name_conflict");
    CHECK(twice.error().status == Status::state);
    const auto used = run_task(here->loop, docker.remove("/images/" + image));
    CHECK(engine_code(used.error()) == "image_in_use");
    CHECK(engine_code(run_task(here->loop, docker.remove("/containers/" + container)).error()) ==
          "is_running");
    Command command;
    command.argv = {"true"};
    CHECK(run_task(here->loop, docker.exec("dtenv-none", command)).error().status ==
          Status::not_found);
  }

  TEST_CASE("logs are taken apart; a second stop changes nothing; a stopped one runs no exec") {
    auto* here = engine();
    if (here == nullptr) return;
    auto& docker = here->docker;
    json::object body;
    body["Image"] = image;
    body["Cmd"] = json::array({"sh", "-c", "echo one; echo two; echo complained >&2"});
    json::value create = body;
    const std::string name = container + "-logs";
    REQUIRE(
        run_task(here->loop, docker.post("/containers/create?name=" + name, create)).has_value());
    REQUIRE(run_task(here->loop, docker.post("/containers/" + name + "/start")).has_value());
    REQUIRE(run_task(here->loop, docker.post("/containers/" + name + "/wait")).has_value());
    std::string out, err;
    const OutputSink sink = [&](Stream stream, std::string_view bytes) {
      (stream == Stream::err ? err : out) += bytes;
    };
    CHECK(run_task(here->loop, docker.logs(name, 0, sink)).has_value());
    CHECK(out == "one\ntwo\n");
    CHECK(err == "complained\n");
    bool same = false;
    const std::string stop = "/containers/" + name + "/stop";
    CHECK(run_task(here->loop, docker.post(stop, nullptr, std::chrono::seconds(20), &same))
              .has_value());
    CHECK(same);
    Command command;
    command.argv = {"true"};
    const auto ended = run_task(here->loop, docker.exec(name, command));
    CHECK(engine_code(ended.error()) == "not_running");
    CHECK(run_task(here->loop, docker.remove("/containers/" + name)).has_value());
  }
}

TEST_SUITE("Docker on this machine: images") {
  TEST_CASE("a saved image is read, removed and loaded again") {
    auto* here = engine();
    if (here == nullptr) return;
    auto& docker = here->docker;
    const std::string tag = image + "-copy";
    const std::string copy =
        "/images/" + image + "/tag?repo=dtenv-net-test&tag=" + run_id + "-copy";
    REQUIRE(run_task(here->loop, docker.post(copy)).has_value());
    const std::string saved = (here->folder / "saved.tar").native();
    {
      std::ofstream file(saved, std::ios::binary);
      const BodySink sink = [&](std::string_view piece) {
        file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
        return finished(Result<void>{});
      };
      REQUIRE(run_task(here->loop, docker.download("/images/" + tag + "/get", sink)).has_value());
    }
    const auto about = run_task(here->loop, read_archive_info(saved));
    REQUIRE_MESSAGE(about.has_value(), about.error());
    REQUIRE(about->size() == 1);
    CHECK((*about)[0].tags == std::vector<std::string>{tag});
    const auto before = run_task(here->loop, docker.inspect_image(tag));
    CHECK((*about)[0].id == std::string((**before).at("Id").as_string()));
    REQUIRE(run_task(here->loop, docker.remove("/images/" + tag)).has_value());
    std::string said;
    const JsonLine line = [&](const json::object& object) { said += json::serialize(object); };
    auto source = file_source(saved);
    REQUIRE(source.has_value());
    const auto loaded =
        run_task(here->loop, docker.stream("/images/load?quiet=1", {}, *source, line));
    CHECK_MESSAGE(loaded.has_value(), loaded.error());
    CHECK(contains(said, "Loaded image: " + tag));
    CHECK(run_task(here->loop, docker.remove("/images/" + tag)).has_value());
  }

  TEST_CASE("garbage is no image archive") {
    auto* here = engine();
    if (here == nullptr) return;
    const auto source = pieces_source({std::string(20480, 'g')});
    const auto loaded = run_task(here->loop, here->docker.stream("/images/load", {}, source, {}));
    REQUIRE(loaded.has_error());
    CHECK(engine_code(loaded.error()) == "bad_archive");
  }

  BodySource three_lines(const std::string& last) {
    ContextTar context;
    TarEntry dockerfile{"Dockerfile", "FROM " + image + "\nCOPY greeting /\n" + last + "\n", 0644};
    TarEntry greeting{"greeting", "hello\n", 0644};
    context.extra = {dockerfile, greeting};
    return *context_tar(context);
  }

  TEST_CASE("three lines are built, by the old builder and by BuildKit") {
    auto* here = engine();
    if (here == nullptr) return;
    auto& docker = here->docker;
    for (const std::string version : {"1", "2"}) {
      CAPTURE(version);
      int lines = 0;
      const JsonLine line = [&](const json::object&) { ++lines; };
      const std::string path =
          "/build?rm=1&forcerm=1&version=" + version + "&t=" + image + "-built";
      const auto built = run_task(
          here->loop, docker.stream(path, {}, three_lines("RUN cat /greeting > /copied"), line));
      CHECK_MESSAGE(built.has_value(), built.error());
      CHECK(lines > 2);
      CHECK(run_task(here->loop, docker.inspect_image(image + "-built"))->has_value());
      const auto failed =
          run_task(here->loop, docker.stream(path, {}, three_lines("RUN exit 5"), {}));
      REQUIRE(failed.has_error());
      CHECK(engine_code(failed.error()) == "run_failed");
      const auto absent =
          run_task(here->loop, docker.stream(path, {}, three_lines("COPY nothing /"), {}));
      CHECK_MESSAGE(engine_code(absent.error()) == "ctx_missing", absent.error());
    }
  }

  TEST_CASE("cancelling a build stops what it runs within 2 s") {
    auto* here = engine();
    if (here == nullptr) return;
    for (const std::string version : {"1", "2"}) {
      CAPTURE(version);
      int lines = 0;
      const std::string word = "9100" + version;
      const auto runs = [&] { return runs_here(word); };
      const JsonLine line = [&](const json::object&) { ++lines; };
      const std::string path = "/build?rm=1&forcerm=1&version=" + version;
      const auto took = cancel_task(
          here->loop, here->docker.stream(path, {}, three_lines("RUN sleep " + word), line), runs);
      CHECK(took.count() < 500);
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
      while (runs() && std::chrono::steady_clock::now() < end)
        here->loop.run_for(std::chrono::milliseconds(20));
      CHECK(!runs());
    }
  }
}
