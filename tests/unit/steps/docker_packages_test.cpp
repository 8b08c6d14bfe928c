#include "unit/steps/docker_testing.hpp"

using namespace dtenv;
using namespace dtenv::docker_testing;

TEST_SUITE("DockerConfig's packages") {
  TEST_CASE("docker-ce: key, source, and one transaction in which the old packages leave") {
    Facts facts = bare();
    facts.packages = {{"containerd", "1.6.20"}, {"runc", "1.1.5"}, {"iptables", "1.8"}};
    facts.shims = {"k8s.io/abc"};
    const Plan plan = plan_of(ce, facts);
    CHECK(brief(plan) ==
          "V100-1 create /etc/apt/keyrings/docker.gpg, "
          "V100-1 create /etc/apt/sources.list.d/docker.sources, "
          "V100-1 create packages docker-ce docker-ce-cli containerd.io docker-buildx-plugin");
    CHECK(has(plan.changes[0].reason, "https://download.docker.com/linux/debian/gpg"));
    CHECK(plan.changes[1].after ==
          "Types: deb\nURIs: https://download.docker.com/linux/debian\nSuites: bookworm\n"
          "Components: stable\nArchitectures: amd64\nSigned-By: /etc/apt/keyrings/docker.gpg\n");
    CHECK(plan.changes[2].before == "containerd 1.6.20, runc 1.1.5");
    REQUIRE(plan.changes[2].disrupts.size() == 2);
    CHECK(plan.changes[2].disrupts[0].kind == "docker");
    CHECK(has(plan.changes[2].disrupts[1].what, "k8s.io/abc"));
  }

  TEST_CASE("a working engine of another origin is told and never replaced") {
    Facts facts = with_gpu();
    facts.packages = {{"docker.io", "20.10.24"}};
    const Plan plan = plan_of(ce, facts);
    CHECK(plan.changes.empty());
    REQUIRE(plan.notes.size() == 1);
    CHECK(has(plan.notes[0].text, "docker.io 20.10.24 works and stays"));
  }

  TEST_CASE("a mirror's base stands for all of docker.com, another address for itself") {
    const auto address = [](std::string_view url, Facts facts) {
      const std::string step =
          R"({"source": "docker-ce", "repository": {"url": ")" + std::string(url) + "\"}}";
      return plan_of(step, std::move(facts));
    };
    const Plan aliyun = address("https://mirrors.aliyun.com/docker-ce/", bare());
    CHECK(has(aliyun.changes[0].reason, "https://mirrors.aliyun.com/docker-ce/linux/debian/gpg"));
    CHECK(has(aliyun.changes[0].after, docker_print));
    CHECK(
        has(aliyun.changes[1].after, "URIs: https://mirrors.aliyun.com/docker-ce/linux/debian\n"));
    Facts noble = bare();
    noble.os = parse_os_release("ID=ubuntu\nUBUNTU_CODENAME=noble\nVERSION_CODENAME=noble\n");
    const Plan tuna = address("https://mirrors.tuna.tsinghua.edu.cn/docker-ce", noble);
    CHECK(has(tuna.changes[1].after, "tsinghua.edu.cn/docker-ce/linux/ubuntu\nSuites: noble\n"));
    const Plan own = address("http://repo.local/docker", bare());
    CHECK(has(own.changes[1].after, "URIs: http://repo.local/docker\n"));
  }

  TEST_CASE("an entry that is there with the right key is used, however the key is named") {
    const std::vector<std::string> ways = {"/etc/apt/keyrings/docker.asc",
                                           std::string(docker_print)};
    for (const std::string& by : ways) {
      Facts facts = bare();
      facts.keyrings["/etc/apt/keyrings/docker.asc"] = {std::string(docker_print)};
      facts.apt_files = {{"/etc/apt/sources.list.d/docker.list",
                          "deb [arch=amd64 signed-by=" + by +
                              "] https://download.docker.com/linux/debian bookworm stable\n"}};
      const Plan plan = plan_of(ce, facts);
      CHECK(brief(plan) ==
            "V100-1 create packages docker-ce docker-ce-cli containerd.io docker-buildx-plugin");
      CHECK(has(plan.changes[0].payload, "sources.list.d/docker.list"));
    }
  }

  TEST_CASE("an entry with another key is refused with file and line before apt breaks") {
    Facts facts = bare();
    facts.keyrings["/x.gpg"] = {"0000000000000000000000000000000000000000"};
    facts.apt_files = {{"/etc/apt/sources.list.d/old.list",
                        "# old\ndeb [signed-by=/x.gpg] https://download.docker.com/linux/debian "
                        "bookworm stable\n"}};
    Plan plan = plan_of(ce, facts);
    CHECK(has(failure_of(plan).message, "old.list: line 2"));
    CHECK(has(failure_of(plan).message, "Signed-By /x.gpg"));
    facts.apt_files = {{"/etc/apt/sources.list.d/old.sources",
                        "Types: deb\nURIs: https://download.docker.com/linux/debian\n"
                        "Suites: bookworm\nComponents: stable\n"}};
    plan = plan_of(ce, facts);
    CHECK(has(failure_of(plan).message, "old.sources: line 1"));
    CHECK(has(failure_of(plan).message, "without Signed-By"));
    facts.apt_files[0].text += "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n nonsense\n";
    plan = plan_of(ce, facts);
    CHECK(has(failure_of(plan).message, "a key of its own"));
  }

  TEST_CASE("from a folder: the files, and nothing of the network") {
    const std::string_view step = R"({"source": "docker-ce", "packages": "/srv/debs/"})";
    Facts facts = bare();
    CHECK(has(failure_of(plan_of(step, facts)).message, "/srv/debs: no such folder"));
    facts.folders["/srv/debs"] = {{"/srv/debs/a.deb", "docker-ce", "5:27", "amd64", ""}};
    CHECK(has(failure_of(plan_of(step, facts)).message, "no package docker-ce-cli, containerd.io"));
    for (const char* name : {"docker-ce-cli", "containerd.io", "docker-buildx-plugin"})
      facts.folders["/srv/debs"].push_back(
          {"/srv/debs/" + std::string(name) + ".deb", name, "1", "amd64", ""});
    const Plan plan = plan_of(step, facts);
    REQUIRE(plan.changes.size() == 1);
    CHECK(has(plan.changes[0].after, "docker-ce 5:27 from /srv/debs/a.deb\n"));
    FakeHost host;
    host.on_any([](const Command& command) -> std::optional<Outcome> {
      Outcome outcome;
      if (join(command.argv, " ").find(" -s ") != std::string::npos) {
        outcome.exit_code = 100;
        outcome.out =
            "The following packages have unmet dependencies:\n docker-ce : Depends: libx but it is "
            "not installable\n";
      }
      return outcome;
    });
    const auto applied = apply_to(host, step, plan.changes[0]);
    REQUIRE_FALSE(applied);
    CHECK(has(applied.error().message, "Depends: libx but it is not installable"));
    CHECK(has(applied.error().detail.at(0).hint, "to the folder"));
    CHECK(host.commands.size() == 1);  // nothing but the simulation
    CHECK(has(join(host.commands[0].argv, " "), "Dir::Etc::sourcelist=/dev/null"));
  }

  TEST_CASE("the document's own key is checked before anything is planned") {
    CHECK(plan_of(own_key_step(own_print), bare()).changes.size() == 3);
    CHECK(has(failure_of(plan_of(own_key_step(""), bare())).message, "not 9DC858229FC7DD38"));
    CHECK(has(problems_of<DockerConfig>(own_key_step(docker_print)), "/repository/key"));
  }

  TEST_CASE("a daemon that ended at once is not waited for") {
    Facts facts = bare();
    facts.daemon_argv = {"/usr/sbin/dockerd"};
    const Plan plan = plan_of("{}", facts);
    FakeHost host;
    host.on_any([](const Command& command) -> std::optional<Outcome> {
      Outcome outcome;
      if (has(command.argv.back(), "alive")) outcome.exit_code = 1;
      if (has(command.argv.back(), "log"))
        outcome.out = "failed to start daemon: no space left on device\n";
      return outcome;
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto applied = apply_to(host, "{}", plan.changes.at(0));
    REQUIRE_FALSE(applied);
    CHECK(has(applied.error().message, "failed to start daemon: no space left on device"));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  }

  TEST_CASE("a lock is waited for as long as the document says, and its holder is named") {
    const std::string_view step = R"({"source": "docker-ce", "lock_timeout": "3s"})";
    const Plan plan = plan_of(step, bare());
    int refusals = 1;
    FakeHost host;
    host.on_any([&](const Command& command) -> std::optional<Outcome> {
      Outcome outcome;
      outcome.exit_code = 100;
      outcome.err =
          "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 9 (apt)\n";
      if (refusals-- > 0) return outcome;
      outcome.err = "E: Unable to locate package x\n";
      if (!has(join(command.argv, " "), " -s ")) outcome = {};
      return outcome;
    });
    auto applied = apply_to(host, step, plan.changes.back());
    REQUIRE_FALSE(applied);
    CHECK(has(applied.error().message, "Unable to locate package x"));
    CHECK(has(join(host.commands[0].argv, " "), "DPkg::Lock::Timeout=3 "));
    CHECK(host.commands[0].argv == host.commands[1].argv);
    refusals = INT_MAX;
    applied = apply_to(host, step, plan.changes.back());
    REQUIRE_FALSE(applied);
    CHECK(applied.error().status == Status::timeout);
    CHECK(has(applied.error().message,
              "waited 3 s for /var/lib/apt/lists/lock, held by process 9 (apt): nothing was done"));
  }

  TEST_CASE("what would take away more than planned is not begun") {
    Facts facts = bare();
    facts.packages = {{"containerd", "1.6.20"}};
    const Plan plan = plan_of(R"({"source": "docker-ce"})", facts);
    FakeHost host;
    host.on_any([](const Command& command) -> std::optional<Outcome> {
      Outcome outcome;
      if (join(command.argv, " ").find(" -s ") != std::string::npos)
        outcome.out = "Remv kubelet [1.30]\nRemv containerd [1.6.20]\n";
      return outcome;
    });
    const auto applied = apply_to(host, ce, plan.changes.back());
    REQUIRE_FALSE(applied);
    CHECK(has(applied.error().message, "would remove kubelet too: nothing was installed"));
    CHECK(commands_of(host) ==
          "apt-get update APT::Get::List-Cleanup=0\n"
          "apt-get update\n"
          "apt-get -s install --no-install-recommends docker-ce docker-ce-cli containerd.io "
          "docker-buildx-plugin containerd-\n");
  }
}
