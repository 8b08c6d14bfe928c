// The file the running daemon reads, on machines recorded as docker_look_program told of them.
#include <boost/asio/co_spawn.hpp>

#include "unit/steps/docker_testing.hpp"

using namespace dtenv;
using namespace dtenv::docker_testing;

namespace {

/// A machine of which the look program says this, and what observe() makes of it.
struct Recorded {
  FakeHost host;
  std::string step = "{}";

  explicit Recorded(std::string look) {
    host.files["/etc/os-release"].content = "ID=debian\nVERSION_ID=\"12\"\n";
    host.on_any([look = std::move(look)](const Command& command) -> std::optional<Outcome> {
      Outcome outcome;
      if (command.argv.at(3) == "dtenv-docker-look")
        outcome.out = "uid 0\narch amd64\n" + look + "end\n";
      return outcome;
    });
  }

  Facts look() {
    const auto nodes = two_nodes();
    const Outputs outputs;
    Silence progress;
    Target target{host, nodes[0], nodes, outputs, progress, {}, {}, "test"};
    asio::io_context loop;
    Result<Facts> result = Facts{};
    const auto config = config_of<DockerConfig>(step);
    asio::co_spawn(loop, DockerConfig::observe(config, target),
                   [&](const std::exception_ptr& thrown, Result<Facts> value) {
                     if (thrown) std::rethrow_exception(thrown);
                     result = std::move(value);
                   });
    loop.run();
    REQUIRE(result);
    return std::move(*result);
  }
};

constexpr const char* debian_unit =
    "systemd\nunit Id=docker.service\nunit LoadState=loaded\nunit MainPID=0\n"
    "unit ExecStart={ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS ; "
    "ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n";

}  // namespace

TEST_SUITE("the file the daemon reads") {
  TEST_CASE("a running daemon's own words name it, whatever the unit says now") {
    Recorded machine(
        "daemon 812 yes 0\nexe /usr/bin/dockerd\ncwd /\narg /usr/bin/dockerd\narg -H\narg fd://\n"
        "arg --config-file=/srv/docker/daemon.json\nsystemd\nunit Id=docker.service\n"
        "unit ExecStart={ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// "
        "--config-file=/etc/docker/new.json ; ignore_errors=no }\n");
    machine.host.files["/srv/docker/daemon.json"].content = "{\"debug\": true}\n";
    const Facts facts = machine.look();
    CHECK(facts.config_file == "/srv/docker/daemon.json");
    CHECK(facts.config_text == "{\"debug\": true}\n");
    CHECK(facts.daemon_pid == 812);
  }

  TEST_CASE("a relative one is of the daemon's working folder") {
    Recorded machine(
        "daemon 9 no 0\nexe /usr/bin/dockerd\ncwd /opt/engine\narg dockerd\narg --config-file\n"
        "arg conf/d.json\n");
    CHECK(machine.look().config_file == "/opt/engine/conf/d.json");
  }

  TEST_CASE("of two daemons the one that holds the socket counts") {
    Recorded machine(
        "daemon 9 no 1000\nexe /usr/bin/dockerd\narg dockerd\nenv HOME=/home/ann\n"
        "daemon 10 yes 0\nexe /usr/bin/dockerd\narg /usr/bin/dockerd\n");
    CHECK(machine.look().config_file == "/etc/docker/daemon.json");
  }

  TEST_CASE("where none runs: the unit, its drop-ins, its variables and their files") {
    Recorded plain(debian_unit);
    CHECK(plain.look().config_file == "/etc/docker/daemon.json");
    // systemd joins unit and drop-ins: what a drop-in says is what it shows.
    Recorded dropin(
        "systemd\nunit Id=docker.service\nunit LoadState=loaded\nunit ExecStart={ "
        "path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// --config-file "
        "/etc/docker/dropin.json ; ignore_errors=no }\n");
    CHECK(dropin.look().config_file == "/etc/docker/dropin.json");
    Recorded variable(std::string(debian_unit) +
                      "unit Environment=A=b \"DOCKER_OPTS=--debug --config-file=/srv/env.json\"\n");
    CHECK(variable.look().config_file == "/srv/env.json");
    Recorded files(std::string(debian_unit) +
                   "unit Environment=DOCKER_OPTS=--debug\n"
                   "unit EnvironmentFiles=/etc/default/docker (ignore_errors=yes)\n"
                   "unit EnvironmentFiles=/etc/default/none (ignore_errors=yes)\n"
                   "unit EnvironmentFiles=/etc/default/more (ignore_errors=yes)\n");
    files.host.files["/etc/default/docker"].content = "DOCKER_OPTS=\"--config-file=/first.json\"\n";
    CHECK(files.look().config_file == "/first.json");
    files.host.files["/etc/default/more"].content = "DOCKER_OPTS='--config-file=/last.json'\n";
    CHECK(files.look().config_file == "/last.json");
  }

  TEST_CASE("a snap's: by its flag, its program, or its unit") {
    Recorded running(
        "daemon 700 yes 0\nexe /snap/docker/2904/bin/dockerd\ncwd /\narg dockerd\narg --group\n"
        "arg docker\narg --config-file=/var/snap/docker/2904/config/daemon.json\nsystemd\n"
        "unit Id=snap.docker.dockerd.service\nunit LoadState=loaded\n");
    CHECK(running.look().config_file == "/var/snap/docker/2904/config/daemon.json");
    CHECK(running.look().daemon_unit == "snap.docker.dockerd.service");
    Recorded bare_words("daemon 700 yes 0\nexe /snap/docker/1/bin/dockerd\ncwd /\narg dockerd\n");
    CHECK(bare_words.look().config_file == "/var/snap/docker/current/config/daemon.json");
    Recorded down(
        "systemd\nunit Id=snap.docker.dockerd.service\nunit LoadState=loaded\nunit ExecStart={ "
        "path=/usr/bin/snap ; argv[]=/usr/bin/snap run docker.dockerd ; ignore_errors=no }\n");
    const Facts facts = down.look();
    CHECK(facts.config_file == "/var/snap/docker/current/config/daemon.json");
    const Plan plan = plan_of("{}", facts);
    CHECK(has(plan.changes.at(0).payload, "snap.docker.dockerd.service"));
  }

  TEST_CASE("a user's own (rootless): below its home; a restart of it is not ours to do") {
    const std::string daemon =
        "daemon 44 no 1000\nexe /home/ann/bin/dockerd\ncwd /home/ann\narg dockerd\n"
        "env HOME=/home/ann\n";
    Recorded home(daemon);
    home.host.files["/home/ann/.config/docker/daemon.json"].content = "{}\n";
    Facts facts = home.look();
    CHECK(facts.config_file == "/home/ann/.config/docker/daemon.json");
    CHECK(facts.rootless);
    CHECK(Recorded(daemon + "env XDG_CONFIG_HOME=/conf\n").look().config_file ==
          "/conf/docker/daemon.json");
    facts.engine = true;
    facts.info.version = "24.0.7";
    facts.info.default_runtime = "runc";
    CHECK(plan_of(R"({"daemon_options": {"debug": true}})", facts).changes.at(0).resource ==
          "/home/ann/.config/docker/daemon.json");
    const Plan refused = plan_of(R"({"daemon_options": {"log-driver": "local"}})", facts);
    CHECK(has(failure_of(refused).message, "systemctl --user restart docker"));
  }

  TEST_CASE("the document's own word stands above all of them") {
    Recorded machine("daemon 9 yes 0\narg dockerd\narg --config-file=/a.json\n");
    machine.step = R"({"config_file": "/b.json"})";
    CHECK(machine.look().config_file == "/b.json");
  }
}
