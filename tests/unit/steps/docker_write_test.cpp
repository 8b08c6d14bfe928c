// What DockerConfig writes, on this machine's disk; dockerd is a stand-in that says what it was
// asked.
#include "steps/docker_write.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <fstream>

#include "base/digest.hpp"
#include "host/make_host.hpp"
#include "net/curl_loop.hpp"
#include "net/docker.hpp"
#include "steps/docker_files.hpp"
#include "support/loop.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;
namespace fs = boost::filesystem;

namespace {

class Silent final : public Progress {
 public:
  void text(std::string_view) override {}
  void amount(std::uint64_t, std::uint64_t) override {}
  void output(std::string_view, std::string_view) override {}
};

struct Machine {
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  fs::path folder = fs::temp_directory_path() / ("dtenv-write-" + hex(random_bytes(6)));
  std::unique_ptr<Host> host;
  std::vector<Node> nodes = two_nodes();
  Outputs outputs;
  Silent progress;
  DockerConfig::Facts facts;

  Machine() {
    fs::create_directories(folder);
    HostContext context;
    context.executor = loop.get_executor();
    context.curl = &curl;
    context.folder = folder.native();
    host = make_local_host(context, "here");
    facts.engine = true;
    facts.info.version = "28.2.2";
    facts.daemon_pid = 1;
    facts.config_file = (folder / "daemon.json").native();
  }
  ~Machine() {
    boost::system::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Target target() {
    return {*host,   nodes[0], nodes,
            outputs, progress, [this](std::string_view) { return host.get(); },
            {},      "test"};
  }
  void old_file(const std::string& text, mode_t mode) {
    std::ofstream(facts.config_file) << text;
    ::chmod(facts.config_file.c_str(), mode);
    facts.config_text = text;
  }
  void dockerd(const std::string& script) {
    const std::string path = (folder / "dockerd").native();
    std::ofstream(path) << "#!/bin/sh\n" << script;
    ::chmod(path.c_str(), 0755);
    facts.daemon_argv = {path, "-H", "fd://", "--config-file", facts.config_file, "--debug"};
  }
  Result<void> validate(const std::string& text) {
    auto here = target();
    return run_on(loop, validate_daemon_json(here, facts, text));
  }
  std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
};

}  // namespace

TEST_SUITE("DockerConfig: the files") {
  TEST_CASE(
      "the backup is read by nobody who may not read the file, and the mark names the old one") {
    Machine machine;
    machine.old_file("{\"http-proxy\": \"http://me:secret@p\"}", 0600);
    auto here = machine.target();
    REQUIRE(run_on(machine.loop, write_daemon_json(here, machine.facts, "{}\n", "reload")));
    struct stat info {};
    REQUIRE(::stat(backup_file(machine.facts.config_file).c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    CHECK(machine.content(machine.facts.config_file) == "{}\n");
    CHECK(machine.content(pending_file(machine.facts.config_file)) ==
          "reload " + sha256(*machine.facts.config_text) + "\n");
  }

  TEST_CASE("the old file comes back, but never over what somebody else has written") {
    Machine machine;
    machine.old_file("{\"debug\": true}", 0644);
    auto here = machine.target();
    REQUIRE(run_on(machine.loop, write_daemon_json(here, machine.facts, "{}\n", "none")));
    REQUIRE(run_on(machine.loop, restore_daemon_json(here, machine.facts, "{}\n")));
    CHECK(machine.content(machine.facts.config_file) == "{\"debug\": true}");
    std::ofstream(machine.facts.config_file) << "{\"theirs\": 1}";
    const auto refused = run_on(machine.loop, restore_daemon_json(here, machine.facts, "{}\n"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == Status::plan_stale);
    machine.facts.config_text.reset();
    CHECK_FALSE(run_on(machine.loop, restore_daemon_json(here, machine.facts, "{}\n")));
    CHECK(machine.content(machine.facts.config_file) == "{\"theirs\": 1}");
  }
}

TEST_SUITE("DockerConfig: dockerd --validate") {
  TEST_CASE("it is asked with its own words, another file, and nothing is left") {
    Machine machine;
    machine.dockerd("echo \"$@\" >" + (machine.folder / "asked").native() +
                    "\nfor w; do case $w in --config-file=*) cat \"${w#*=}\" >" +
                    (machine.folder / "seen").native() + ";; esac; done\necho configuration OK\n");
    REQUIRE(machine.validate("{\"debug\": false}"));
    CHECK(machine.content((machine.folder / "seen").native()) == "{\"debug\": false}");
    const std::string asked = machine.content((machine.folder / "asked").native());
    CHECK(starts_with(asked, "-H fd:// --debug --config-file="));
    CHECK(contains(asked, " --validate"));
    CHECK_FALSE(contains(asked, machine.facts.config_file + " "));
    CHECK(machine.entries() == 3);
  }

  TEST_CASE("what it refuses is not written, in its own words") {
    Machine machine;
    machine.dockerd(
        "echo 'unable to configure the Docker daemon with file x: the following directives are "
        "specified both as a flag and in the configuration file: debug' >&2; exit 1\n");
    const auto refused = machine.validate("{}");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == Status::config);
    CHECK(contains(refused.error().message, "both as a flag"));
  }

  TEST_CASE("engines that cannot be asked are not") {
    Machine machine;
    machine.dockerd("echo 'unknown flag: --validate' >&2; exit 125\n");
    CHECK(machine.validate("{}"));
    machine.dockerd("echo 'unable to configure the Docker daemon' >&2; exit 1\n");
    CHECK_FALSE(machine.validate("{}"));
    machine.facts.info.version = "20.10.24";
    CHECK(machine.validate("{}"));
    machine.facts.info.version = "28.2.2";
    machine.facts.daemon_argv = {"/no/such/dockerd"};
    CHECK(machine.validate("{}"));
  }
}
