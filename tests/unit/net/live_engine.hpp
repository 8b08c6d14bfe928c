#pragma once

#include <doctest/doctest.h>

#include <boost/filesystem/operations.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "net/context_tar.hpp"
#include "net/curl_loop.hpp"
#include "net/docker_client.hpp"
#include "net_testing.hpp"

namespace dtenv {

namespace fs = boost::filesystem;

inline const std::string socket_path = "/var/run/docker.sock";
inline const std::string run_id = hex(random_bytes(4));
inline const std::string image = "dtenv-net-test:" + run_id;
inline const std::string container = "dtenv-net-test-" + run_id;

inline fs::path static_busybox() {
  // Debian's busybox-static installs /bin/busybox without an interpreter.
  std::ifstream file("/bin/busybox", std::ios::binary);
  std::string head(4096, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  const bool is_static = file.gcount() > 0 && !contains(head, "ld-linux");
  return is_static ? fs::path("/bin/busybox") : fs::path();
}

/// The engine of this machine with a small image and a running container of it, both gone at the
/// end.
struct LiveEngine {
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  DockerClient client{curl, socket_path, "here"};
  Docker& docker = client;
  fs::path folder = fs::temp_directory_path() / ("dtenv-net-" + run_id);
  std::string why_not;

  LiveEngine() {
    const auto version = run_task(loop, docker.version());
    if (version.has_error()) why_not = "no engine: " + version.error().message;
    if (static_busybox().empty()) why_not = "no static /bin/busybox (apt: busybox-static)";
    if (why_not.empty()) prepare();
  }
  ~LiveEngine() {
    if (why_not.empty()) {
      for (const auto& path :
           {"/containers/" + container + "?force=1", "/images/" + image + "?force=1",
            "/images/" + image + "-built?force=1"})
        run_task(loop, docker.remove(path));
    }
    boost::system::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  LiveEngine(const LiveEngine&) = delete;
  LiveEngine& operator=(const LiveEngine&) = delete;

  void prepare() {
    fs::create_directories(folder / "root/bin");
    fs::create_directories(folder / "root/tmp");
    fs::copy_file(static_busybox(), folder / "root/bin/busybox");
    for (const char* name : {"sh", "cat", "sleep", "grep", "id", "setsid", "env", "head", "ps"})
      fs::create_symlink("busybox", folder / "root/bin" / name);
    ContextTar root;
    root.walk.folder = (folder / "root").native();
    auto tar = context_tar(root);
    REQUIRE(tar.has_value());
    const std::string path = "/images/create?fromSrc=-&repo=dtenv-net-test&tag=" + run_id;
    auto imported = run_task(loop, docker.stream(path, {}, *tar, {}));
    REQUIRE_MESSAGE(imported.has_value(), imported.error());
    json::object body;
    body["Image"] = image;
    body["Cmd"] = json::array({"sleep", "100000"});
    json::object labels;
    labels["dtenv.test"] = run_id;
    body["Labels"] = labels;
    json::value create = body;
    REQUIRE(
        run_task(loop, docker.post("/containers/create?name=" + container, create)).has_value());
    REQUIRE(run_task(loop, docker.post("/containers/" + container + "/start")).has_value());
  }

  Result<Outcome> exec(Argv argv, std::string input = {}, OutputSink sink = {}) {
    Command command;
    command.argv = std::move(argv);
    command.input = std::move(input);
    return run_task(loop, docker.exec(container, command, std::move(sink)));
  }
  /// How many processes of the container have these words in their command line.
  int count(const std::string& words) {
    const auto listed =
        exec({"sh", "-c",
              "n=0; for f in /proc/[0-9]*/cmdline; do "
              "[ \"${f#/proc/$$/}\" = \"$f\" ] && grep -qzF \"$1\" $f && n=$((n+1)); "
              "done 2>/dev/null; echo $n",
              "count", words});
    return listed.has_value() ? std::atoi(listed->out.c_str()) : -1;
  }
};

/// Whether a program of this machine has the word among its arguments.
inline bool runs_here(const std::string& word) {
  boost::system::error_code failed;
  for (fs::directory_iterator at("/proc", failed), end; !failed && at != end;
       at.increment(failed)) {
    std::ifstream file((at->path() / "cmdline").native(), std::ios::binary);
    // getline, unlike an iterator, does not throw where the process ends while it is read.
    std::string line;
    std::getline(file, line, '\n');
    if (contains(line, word)) return true;
  }
  return false;
}

/// One for all cases: an image takes a second to import.
inline LiveEngine* engine() {
  static LiveEngine shared;
  if (shared.why_not.empty()) return &shared;
  std::printf("skipped: %s\n", shared.why_not.c_str());
  return nullptr;
}

}  // namespace dtenv
