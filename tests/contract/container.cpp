#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "contract/setup.hpp"
#include "net/docker_client.hpp"
#include "proc/child.hpp"

namespace dtenv {

namespace {

constexpr const char* busybox = "/bin/busybox";

/// An image of nothing but a static busybox, as a tar archive.
std::string image_archive() {
  const std::string root = fresh_folder();
  Command command;
  command.argv = {"sh", "-c",
                  "cd \"$1\" && mkdir -p bin etc tmp data root && cp /bin/busybox bin/ && "
                  "for a in $(/bin/busybox --list); do [ -e bin/$a ] || ln -s busybox bin/$a; done "
                  "&& echo root:x:0:0:root:/root:/bin/sh >etc/passwd && tar -c .",
                  "image", root};
  asio::io_context loop;
  const auto made = run_on(loop, run_child(command));
  return made && made->ok() ? made->out : std::string();
}

Task<Result<std::string>> once(std::string& rest) {
  co_return std::exchange(rest, {});
}

/// The engine's container for all cases: made by the first, removed with the program.
struct Container {
  std::string name = "dtenv-contract-" + std::to_string(::getpid());
  std::string problem;

  Container() {
    if (::access("/var/run/docker.sock", R_OK | W_OK) != 0) {
      problem = "no Docker Engine here";
      return;
    }
    if (::access(busybox, X_OK) != 0) {
      problem = "no /bin/busybox here (busybox-static)";
      return;
    }
    asio::io_context loop;
    CurlLoop curl(loop.get_executor());
    DockerClient client(curl, "/var/run/docker.sock", "local");
    Docker& docker = client;
    const auto made = run_on(loop, make(docker));
    if (!made) problem = made.error().message;
  }

  ~Container() {
    if (!problem.empty()) return;
    asio::io_context loop;
    CurlLoop curl(loop.get_executor());
    DockerClient client(curl, "/var/run/docker.sock", "local");
    Docker& docker = client;
    run_on(loop, docker.remove("/containers/" + name + "?force=1&v=1"));
    run_on(loop, docker.remove("/images/" + name + ":latest?force=1"));
  }

  Task<Result<void>> make(Docker& docker) {
    std::string archive = image_archive();
    const BodySource body = [&archive] { return once(archive); };
    const JsonLine line = [](const json::object&) {};
    const Environ headers;
    DT_CO_TRY(co_await docker.stream("/images/create?fromSrc=-&repo=" + name + "&tag=latest",
                                     headers, body, line));
    json::object wanted;
    wanted["Image"] = name + ":latest";
    json::array argv;
    argv.emplace_back("sleep");
    argv.emplace_back("3600");
    wanted["Cmd"] = std::move(argv);
    json::object config;
    config["NetworkMode"] = "none";
    config["Init"] = true;
    wanted["HostConfig"] = std::move(config);
    const json::value request(std::move(wanted));
    DT_CO_TRY(co_await docker.post("/containers/create?name=" + name, request));
    DT_CO_TRY(co_await docker.post("/containers/" + name + "/start"));
    co_return Result<void>{};
  }
};

Container& container() {
  static Container value;
  return value;
}

}  // namespace

ContainerSetup::ContainerSetup() {
  static int count = 0;
  skip = container().problem;
  argv_vectors = 40;  // an exec takes the engine a tenth of a second
  if (!skip.empty()) return;
  docker = std::make_unique<DockerClient>(curl, "/var/run/docker.sock", "local");
  host = make_container_host(*docker, container().name, "inside");
  folder = "/data/f" + std::to_string(++count);
  const auto connected = run_on(loop, host->connect());
  if (!connected) skip = connected.error().message;
  const auto made = run({"mkdir", "-p", folder});
  if (!made || !made->ok()) skip = "mkdir in the container does not work";
}

ContainerSetup::~ContainerSetup() {
  host.reset();
  loop.restart();
  loop.run_for(std::chrono::milliseconds(300));
}

}  // namespace dtenv
