// image_build against the engine of this machine; where none answers, or there is no static busybox
// to make an image of, the cases say so and pass.
#include <cstdlib>

#include "net/registry_auth.hpp"
#include "steps/image_make.hpp"
#include "unit/steps/live_machine.hpp"

using namespace dtenv;

namespace {

/// A real registry on loopback that asks for user "me" and password "right".
struct Registry {
  fs::path folder;
  std::string address;
  std::string pid;

  explicit Registry(const fs::path& parent) : folder(parent / "registry") {
    fs::create_directories(folder);
    const auto port = std::to_string(20000 + static_cast<unsigned char>(random_bytes(1)[0]) * 40);
    address = "127.0.0.1:" + port;
    // bcrypt of "right".
    std::ofstream((folder / "htpasswd").native())
        << "me:$2b$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC\n";
    std::ofstream((folder / "config.yml").native())
        << "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: "
        << (folder / "data").native() << "}}\nhttp: {addr: '" << address
        << "'}\nauth: {htpasswd: {realm: test, path: " << (folder / "htpasswd").native() << "}}\n";
    const auto command = "docker-registry serve " + (folder / "config.yml").native() + " >" +
                         (folder / "log").native() + " 2>&1 & echo $! >" +
                         (folder / "pid").native();
    if (std::system(command.c_str()) == 0) std::ifstream((folder / "pid").native()) >> pid;
  }
  ~Registry() {
    if (!pid.empty() && std::system(("kill " + pid + " 2>/dev/null").c_str()) != 0) pid.clear();
  }
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
};

}  // namespace

TEST_SUITE("image_build on this machine") {
  TEST_CASE("a Dockerfile is built once, its hash is its label, and a change builds again") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    const auto text = here->build_of("built", "COPY greeting /\nRUN cat /greeting");
    here->converge(text);
    CHECK(contains(join(here->progress.texts, "\n"), "COPY greeting"));
    CHECK(contains(join(here->progress.lines, "\n"), "hello"));
    here->write("built/greeting", "changed\n");
    here->converge(text);
  }

  TEST_CASE("BuildKit builds the same file, and one that only it understands") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    auto text = here->build_of("kit", "COPY greeting /\nRUN cat /greeting");
    text.insert(text.find("\"context\""), "\"builder\": \"buildkit\", ");
    here->converge(text);
    here->converge(here->build_of("mount", "RUN --mount=type=bind,target=/m cat /m/greeting"));
    CHECK(contains(join(here->progress.lines, "\n"), "hello"));
  }

  TEST_CASE("a failed build names the step and its last line") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    for (const std::string builder : {"legacy", "buildkit"}) {
      CAPTURE(builder);
      auto text = here->build_of("failed", "RUN echo the cause; exit 7");
      text.insert(text.find("\"context\""), "\"builder\": \"" + builder + "\", ");
      const auto config = config_of<ImageBuild>(text);
      const auto failed = here->apply(config, here->plan(config).changes.at(0));
      REQUIRE_FALSE(failed.has_value());
      CHECK(failed.error().status == Status::command);
      CHECK(contains(failed.error().message, "RUN echo the cause"));
      CHECK(contains(failed.error().message, "last output: the cause"));
    }
  }

  TEST_CASE("a context that changed after the plan is not built") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    const auto config = config_of<ImageBuild>(here->build_of("stale", "COPY greeting /"));
    const auto plan = here->plan(config);
    here->write("stale/greeting", "other\n");
    CHECK(here->apply(config, plan.changes.at(0)).error().status == Status::plan_stale);
  }

  TEST_CASE("cancelling ends the build's program within 2 s") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    const auto config = config_of<ImageBuild>(here->build_of("cancelled", "RUN sleep 93217"));
    const auto change = here->plan(config).changes.at(0);
    const auto runs = [] {
      return std::system("pgrep -x -f '(sh -c )?.*sleep 93217' >/dev/null") == 0;
    };
    auto target = here->target();
    const auto took = cancel_task(here->loop, ImageBuild::apply(config, change, target), runs);
    CHECK(took.count() < 2000);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (runs() && std::chrono::steady_clock::now() < end)
      here->loop.run_for(std::chrono::milliseconds(20));
    CHECK(!runs());
  }

  TEST_CASE("archives are loaded: plain, gzip and zstd, with the id that they hold") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    const auto name = "dtenv-step-saved:" + run_id;
    const auto saved = (here->folder / "saved.tar").native();
    const auto tag = "/images/" + base_image + "/tag?repo=dtenv-step-saved&tag=" + run_id;
    for (const std::string pack : {"cat", "gzip", "zstd -q"}) {
      CAPTURE(pack);
      REQUIRE(run_task(here->loop, here->docker->post(tag)).has_value());
      {
        std::ofstream file(saved, std::ios::binary);
        const BodySink sink = [&](std::string_view piece) {
          file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
          return finished(Result<void>{});
        };
        const auto path = "/images/" + name + "/get";
        REQUIRE(run_task(here->loop, here->docker->download(path, sink)).has_value());
      }
      const auto archive = saved + "." + pack.substr(0, 4);
      if (std::system((pack + " <" + saved + " >" + archive).c_str()) != 0) continue;
      REQUIRE(run_task(here->loop, here->docker->remove("/images/" + name)).has_value());
      here->converge(R"({"tag": "dtenv-step-)" + pack.substr(0, 4) + ":" + run_id +
                     R"(", "from": {"load": {"archive": ")" + archive + R"(", "image": ")" + name +
                     R"("}}})");
    }
    run_task(here->loop, here->docker->remove("/images/" + name));
  }

  TEST_CASE("a base of packages alone is made once, and nothing is left of its making") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    if (std::getenv("DTENV_SLOW_TESTS") == nullptr) {
      std::printf("skipped: debootstrap takes a minute (DTENV_SLOW_TESTS=1 runs it)\n");
      return;
    }
    const auto text = R"({"tag": "dtenv-step-base:)" + run_id +
                      R"(", "from": {"build": {"recipe": {)" +
                      R"("base": {"debootstrap": {"packages": ["netbase"]}}, "openmpi": "none",)" +
                      R"("ssh": false, "apt": {"packages": ["file"]}}}}})";
    here->converge(text);
    DebootstrapBase base;
    base.packages = {"netbase"};
    here->made.push_back(debootstrap_tag(base));
    const auto image = run_task(here->loop, inspect_named(*here->docker, debootstrap_tag(base)));
    REQUIRE(image->has_value());
    CHECK((**image).spec == debootstrap_spec(base));
    CHECK_FALSE(fs::exists("/var/lib/dtenv/base-" + debootstrap_spec(base).substr(0, 12)));
  }

  TEST_CASE("an image goes from one engine to another in one stream") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    ImageBuild::Config config;
    config.tag = base_image;
    auto target = here->target();
    here->progress.done = 0;
    const auto delivered = run_task(here->loop, deliver_image(config, "V100-2", target));
    CHECK_MESSAGE(delivered.has_value(), delivered.error());
    CHECK(here->progress.done > 1000000);
    config.tag = "dtenv-step-none:1";
    CHECK(run_task(here->loop, deliver_image(config, "V100-2", target)).error().status ==
          Status::not_found);
  }

  TEST_CASE("a registry that asks for a password gets it, and a wrong one is told") {
    auto* here = here_or_skip();
    if (here == nullptr) return;
    if (std::system("command -v docker-registry >/dev/null") != 0) {
      std::printf("skipped: no docker-registry (apt: docker-registry)\n");
      return;
    }
    const Registry registry(here->folder);
    const auto repository = registry.address + "/tiny";
    const auto tag = "/images/" + base_image + "/tag?repo=" + url_encode(repository) + "&tag=1";
    REQUIRE(run_task(here->loop, here->docker->post(tag)).has_value());
    RegistryCredential me;
    me.server = registry.address;
    me.username = "me";
    me.password = Secret("right");
    const Environ headers = {{"X-Registry-Auth", std::string(registry_auth(&me).reveal())}};
    const auto push = "/images/" + url_encode(repository) + "/push?tag=1";
    Result<void> pushed = Error(Status::io, "not asked");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!pushed && std::chrono::steady_clock::now() < end) {
      pushed = run_task(here->loop, here->docker->stream(push, headers, {}, {}));
      here->loop.restart();
      here->loop.run_for(std::chrono::milliseconds(50));
    }
    REQUIRE_MESSAGE(pushed.has_value(), pushed.error());
    run_task(here->loop, here->docker->remove("/images/" + repository + ":1"));
    const auto text = [&](const std::string& auth) {
      return R"({"tag": "dtenv-step-pulled:)" + run_id + R"(", "from": {"pull": {"reference": ")" +
             repository + ":1\"" + auth + "}}}";
    };
    const auto with = R"(, "registry_auth": {"username": "me", "password_secret": "registry"})";
    const auto anonymous = config_of<ImageBuild>(text(""));
    CHECK_FALSE(here->apply(anonymous, here->plan(anonymous).changes.at(0)).has_value());
    const auto unknown = config_of<ImageBuild>(
        text(R"(, "registry_auth": {"username": "me", "password_secret": "none"})"));
    CHECK(here->apply(unknown, here->plan(unknown).changes.at(0)).error().status == Status::config);
    here->made.push_back(repository + ":1");
    here->converge(text(with));
  }
}
