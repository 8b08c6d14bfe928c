#pragma once

#include <doctest/doctest.h>

#include <boost/filesystem/operations.hpp>
#include <cstdio>
#include <fstream>
#include <memory>

#include "base/digest.hpp"
#include "host/make_host.hpp"
#include "net/context_tar.hpp"
#include "net/curl_loop.hpp"
#include "net/docker.hpp"
#include "steps/image_build.hpp"
#include "unit/net/net_testing.hpp"
#include "unit/steps/step_testing.hpp"

namespace dtenv {

namespace fs = boost::filesystem;

inline const std::string run_id = hex(random_bytes(4));
inline const std::string base_image = "dtenv-step-test:" + run_id;

class Recorded final : public Progress {
 public:
  std::vector<std::string> texts;
  std::vector<std::string> lines;
  std::uint64_t done = 0;
  void text(std::string_view line) override { texts.emplace_back(line); }
  void amount(std::uint64_t so_far, std::uint64_t) override { done = so_far; }
  void output(std::string_view, std::string_view line) override { lines.emplace_back(line); }
};

inline bool busybox_is_static() {
  std::ifstream file("/bin/busybox", std::ios::binary);
  std::string head(4096, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return file.gcount() > 0 && !contains(head, "ld-linux");
}

/// This machine as a node, a base image on its engine, and a folder; all gone at the end.
struct Here {
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  fs::path folder = fs::temp_directory_path() / ("dtenv-step-" + run_id);
  std::unique_ptr<Host> host;
  std::vector<Node> nodes = two_nodes();
  Outputs outputs;
  Recorded progress;
  Secret password{"right"};
  std::vector<std::string> made = {base_image};
  Docker* docker = nullptr;
  std::string why_not;

  Here() {
    fs::create_directories(folder);
    HostContext context;
    context.executor = loop.get_executor();
    context.curl = &curl;
    context.folder = folder.native();
    host = make_local_host(context, "V100-1");
    const auto engine = run_task(loop, host->docker());
    if (!engine.has_value())
      why_not = "no engine: " + engine.error().message;
    else if (!busybox_is_static())
      why_not = "no static /bin/busybox (apt: busybox-static)";
    else
      docker = *engine;
    if (docker != nullptr) prepare();
  }
  ~Here() {
    for (const auto& name : made)
      if (docker != nullptr) run_task(loop, docker->remove("/images/" + name + "?force=1"));
    boost::system::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Here(const Here&) = delete;
  Here& operator=(const Here&) = delete;

  void prepare() {
    fs::create_directories(folder / "root/bin");
    fs::copy_file("/bin/busybox", folder / "root/bin/busybox");
    for (const char* name : {"sh", "cat", "sleep", "echo"})
      fs::create_symlink("busybox", folder / "root/bin" / name);
    ContextTar root;
    root.walk.folder = (folder / "root").native();
    auto tar = context_tar(root);
    REQUIRE(tar.has_value());
    const std::string path = "/images/create?fromSrc=-&repo=dtenv-step-test&tag=" + run_id;
    REQUIRE(run_task(loop, docker->stream(path, {}, *tar, {})).has_value());
  }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream((folder / name).native()) << text;
  }

  Target target() {
    return {*host,
            nodes[0],
            nodes,
            outputs,
            progress,
            [this](std::string_view) { return host.get(); },
            [this](std::string_view name) { return name == "registry" ? &password : nullptr; },
            "test"};
  }

  Plan plan(const ImageBuild::Config& config) {
    auto here = target();
    auto facts = run_task(loop, ImageBuild::observe(config, here));
    REQUIRE_MESSAGE(facts.has_value(), facts.error());
    Cluster<ImageBuild::Facts> cluster;
    cluster.nodes = &nodes;
    cluster.machines.push_back({&nodes[0], *facts});
    return ImageBuild::plan(config, cluster).value();
  }

  Result<void> apply(const ImageBuild::Config& config, const Change& change) {
    auto here = target();
    return run_task(loop, ImageBuild::apply(config, change, here));
  }

  /// Plans one change, applies it, and finds nothing more to do.
  void converge(const std::string& text) {
    const auto config = config_of<ImageBuild>(text);
    made.push_back(config.tag);
    const auto before = plan(config);
    REQUIRE(before.changes.size() == 1);
    const auto applied = apply(config, before.changes[0]);
    REQUIRE_MESSAGE(applied.has_value(), applied.error());
    CHECK(plan(config).changes.empty());
  }

  /// A context with this Dockerfile after its FROM.
  std::string build_of(const std::string& name, const std::string& rest) {
    write(name + "/Dockerfile", "FROM " + base_image + "\n" + rest + "\n");
    write(name + "/greeting", "hello\n");
    return R"({"tag": "dtenv-step-)" + name + ":" + run_id +
           R"(", "from": {"build": {"context": ")" + (folder / name).native() + R"("}}})";
  }
};

/// One for all cases: an image takes a second to import.
inline Here* here_or_skip() {
  static Here shared;
  if (shared.why_not.empty()) return &shared;
  std::printf("skipped: %s\n", shared.why_not.c_str());
  return nullptr;
}

}  // namespace dtenv
