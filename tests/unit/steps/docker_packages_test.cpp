#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "host/fake_host.hpp"
#include "steps/docker_changes.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

using Facts = DockerConfig::Facts;

constexpr std::string_view docker_print = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";
constexpr std::string_view nvidia_print = "C95B321B61E88C1809C4F759DDCAE044F796ECB0";
constexpr std::string_view ce = R"({"source": "docker-ce"})";
constexpr std::string_view toolkit = R"({"nvidia_toolkit": {}})";

Facts bare() {
  Facts facts;
  facts.os = parse_os_release("ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
  facts.architecture = "amd64";
  facts.root = true;
  facts.engine_problem = "/var/run/docker.sock: no such file";
  facts.config_file = "/etc/docker/daemon.json";
  return facts;
}

Facts rocky() {
  Facts facts = bare();
  facts.os = parse_os_release(
      "NAME=\"Rocky Linux\"\nVERSION=\"9.4 (Blue Onyx)\"\nID=\"rocky\"\n"
      "ID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPLATFORM_ID=\"platform:el9\"\n"
      "PRETTY_NAME=\"Rocky Linux 9.4 (Blue Onyx)\"\n");
  facts.architecture.clear();
  return facts;
}

/// An engine runs, and there is a GPU.
Facts with_gpu() {
  Facts facts = bare();
  facts.engine = true;
  facts.info.version = "24.0.7";
  facts.info.default_runtime = "runc";
  facts.daemon_pid = 100;
  facts.daemon_argv = {"/usr/bin/dockerd"};
  facts.gpu = true;
  return facts;
}

Plan plan_of(std::string_view step, Facts facts) {
  static const auto nodes = two_nodes();
  const auto config = config_of<DockerConfig>(step);
  auto plan = DockerConfig::plan(config, cluster_of(nodes, std::vector{std::move(facts)}));
  REQUIRE(plan);
  return std::move(*plan);
}

const Error& failure_of(const Plan& plan) {
  CHECK(plan.changes.empty());
  REQUIRE(plan.failures.size() == 1);
  return plan.failures.begin()->second;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class Silence final : public Progress {
 public:
  void text(std::string_view) override {}
  void amount(std::uint64_t, std::uint64_t) override {}
  void output(std::string_view, std::string_view) override {}
};

/// What apply() makes of one change on a machine that is not there.
Result<void> apply_to(FakeHost& host, std::string_view step, const Change& change) {
  const auto nodes = two_nodes();
  const Outputs outputs;
  Silence progress;
  Target target{host, nodes[0], nodes, outputs, progress, {}, {}, "test"};
  const auto config = config_of<DockerConfig>(step);
  asio::io_context loop;
  Result<void> result;
  asio::co_spawn(loop, DockerConfig::apply(config, change, target),
                 [&](const std::exception_ptr& thrown, Result<void> value) {
                   if (thrown) std::rethrow_exception(thrown);
                   result = std::move(value);
                 });
  loop.run();
  return result;
}

/// The commands that were run, without what keeps apt from asking.
std::string commands_of(const FakeHost& host) {
  std::string all;
  for (const Command& command : host.commands) {
    Argv argv;
    for (std::size_t i = 0; i < command.argv.size(); ++i) {
      const std::string& word = command.argv[i];
      if (word == "sh") break;
      if (word == "-q" || word == "-y" || word == "-o") continue;
      if (has(word, "pkg::") || has(word, "DPkg::") || has(word, "Dir::")) continue;
      argv.push_back(word);
    }
    if (!argv.empty()) all += join(argv, " ") + "\n";
  }
  return all;
}

}  // namespace

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

TEST_SUITE("nvidia-container-toolkit") {
  TEST_CASE("where there is a GPU it is installed before its runtime is named") {
    const Plan plan = plan_of(toolkit, with_gpu());
    CHECK(brief(plan) ==
          "V100-1 create /usr/share/keyrings/nvidia-container-toolkit-keyring.gpg, "
          "V100-1 create /etc/apt/sources.list.d/nvidia-container-toolkit.sources, "
          "V100-1 create package nvidia-container-toolkit, V100-1 create /etc/docker/daemon.json");
    CHECK(has(plan.changes[0].after, nvidia_print));
    CHECK(has(plan.changes[0].reason, "https://nvidia.github.io/libnvidia-container/gpgkey"));
    CHECK(has(plan.changes[1].after,
              "URIs: https://nvidia.github.io/libnvidia-container/stable/deb/amd64\nSuites: /\n"));
    CHECK(plan.changes[2].stage < plan.changes[3].stage);
    CHECK(has(plan.changes[3].after, "nvidia"));
  }

  TEST_CASE("where there is none it is not, unless it is wanted everywhere") {
    Facts facts = with_gpu();
    facts.gpu = false;
    CHECK(plan_of(toolkit, facts).changes.empty());
    CHECK(has(plan_of(toolkit, facts).notes.at(0).text, "no NVIDIA GPU"));
    CHECK(plan_of(R"({"nvidia_toolkit": {"machines": "all"}})", facts).changes.size() == 4);
  }

  TEST_CASE("what is there is left as it is, as nvidia-ctk wrote it too") {
    Facts facts = with_gpu();
    facts.toolkit = "1.17.8";
    facts.config_text =
        R"({"runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}}})";
    facts.info.runtimes["nvidia"] = "nvidia-container-runtime";
    CHECK(plan_of(toolkit, facts).changes.empty());
    facts.toolkit.clear();
    const Plan plan = plan_of(R"({"nvidia_toolkit": {"install": "never"}})", facts);
    CHECK(has(failure_of(plan).message, "nvidia-ctk does not answer"));
  }

  TEST_CASE("nvidia-docker2 leaves for it, and its frozen list is commented out") {
    Facts facts = with_gpu();
    facts.packages = {{"nvidia-docker2", "2.6.0-1"}, {"nvidia-container-runtime", "3.5.0-1"}};
    facts.apt_files = {
        {"/etc/apt/sources.list.d/nvidia-docker.list",
         "deb https://nvidia.github.io/libnvidia-container/stable/ubuntu18.04/$(ARCH) /\n"
         "deb https://nvidia.github.io/nvidia-docker/ubuntu18.04/$(ARCH) /\n"}};
    const Plan plan = plan_of(toolkit, facts);
    REQUIRE(plan.changes.size() == 5);
    CHECK(plan.changes[0].resource == "/etc/apt/sources.list.d/nvidia-docker.list");
    CHECK(has(plan.changes[0].after, "# deb https://nvidia.github.io/nvidia-docker/"));
    CHECK(has(plan.changes[0].after, "# deb https://nvidia.github.io/libnvidia-container/"));
    CHECK(plan.changes[3].before == "nvidia-docker2 2.6.0-1, nvidia-container-runtime 3.5.0-1");
    CHECK(plan.changes[3].disrupts.empty());
  }

  TEST_CASE("one repository may hold both, and is named to apt once") {
    Facts facts = bare();
    facts.gpu = true;
    const std::string in_house =
        R"({"url": "http://repo.local/all", "suite": "s", "component": "main",
            "fingerprint": "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"})";
    const std::string step = R"({"source": "docker-ce", "repository": )" + in_house +
                             R"(, "nvidia_toolkit": {"repository": )" + in_house + "}}";
    CHECK(brief(plan_of(step, facts)) ==
          "V100-1 create /etc/apt/keyrings/docker.gpg, "
          "V100-1 create /etc/apt/sources.list.d/docker.sources, "
          "V100-1 create packages docker-ce docker-ce-cli containerd.io docker-buildx-plugin, "
          "V100-1 create package nvidia-container-toolkit, V100-1 create /etc/docker/daemon.json");
  }

  TEST_CASE("a mirror of it has NVIDIA's key") {
    const Plan plan = plan_of(
        R"({"nvidia_toolkit": {"repository":
            {"url": "https://mirrors.ustc.edu.cn/libnvidia-container/stable/deb/amd64"}}})",
        with_gpu());
    CHECK(has(plan.changes[0].reason, "https://mirrors.ustc.edu.cn/libnvidia-container/gpgkey"));
    CHECK(has(plan.changes[0].after, nvidia_print));
  }
}

TEST_SUITE("RHEL 9 and the like") {
  TEST_CASE("the plan is repository files with gpgcheck and exact dnf commands") {
    Facts facts = rocky();
    facts.packages = {{"podman-docker", "4.9"}, {"runc", "1.1"}};
    facts.gpu = true;
    const std::string_view step = R"({"source": "docker-ce", "nvidia_toolkit": {}})";
    const Plan plan = plan_of(step, facts);
    CHECK(brief(plan) ==
          "V100-1 create /etc/pki/rpm-gpg/RPM-GPG-KEY-docker-ce, "
          "V100-1 create /etc/yum.repos.d/docker-ce.repo, "
          "V100-1 create packages docker-ce docker-ce-cli containerd.io docker-buildx-plugin, "
          "V100-1 create /etc/pki/rpm-gpg/RPM-GPG-KEY-nvidia-container-toolkit, "
          "V100-1 create /etc/yum.repos.d/nvidia-container-toolkit.repo, "
          "V100-1 create package nvidia-container-toolkit, V100-1 create /etc/docker/daemon.json");
    CHECK(plan.changes[0].after == "key 060A61C51B558A7F742B77AAC52FEB6B621E9F35");
    CHECK(plan.changes[1].after ==
          "[docker-ce-stable]\nname=Docker CE Stable\n"
          "baseurl=https://download.docker.com/linux/centos/9/$basearch/stable\nenabled=1\n"
          "gpgcheck=1\nrepo_gpgcheck=0\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-docker-ce\n");
    CHECK(has(plan.changes[4].after, "repo_gpgcheck=1"));
    FakeHost host;
    host.on_any([](const Command&) { return std::optional<Outcome>(Outcome{}); });
    CHECK(apply_to(host, step, plan.changes[1]));
    CHECK(host.files.at("/etc/yum.repos.d/docker-ce.repo").content == plan.changes[1].after);
    CHECK(apply_to(host, step, plan.changes[5]));
    // The fake machine has no engine that would answer after it.
    CHECK_FALSE(apply_to(host, step, plan.changes[0]));
    CHECK(commands_of(host) == "dnf install nvidia-container-toolkit\nnvidia-ctk --version\n");
  }

  TEST_CASE("a failing dnf ends before the engine is asked, old packages went first") {
    Facts facts = rocky();
    facts.packages = {{"podman-docker", "4.9"}, {"runc", "1.1"}};
    const Plan plan = plan_of(ce, facts);
    FakeHost host;
    host.on_any([](const Command& command) -> std::optional<Outcome> {
      Outcome outcome;
      if (has(join(command.argv, " "), "install")) {
        outcome.exit_code = 1;
        outcome.err = "Error: Unable to find a match: docker-ce\n";
      }
      return outcome;
    });
    const auto applied = apply_to(host, ce, plan.changes[2]);
    REQUIRE_FALSE(applied);
    CHECK(has(applied.error().message, "Unable to find a match"));
    CHECK_FALSE(applied.error().detail.empty());
    CHECK(commands_of(host) ==
          "dnf remove podman-docker runc\n"
          "dnf install docker-ce docker-ce-cli containerd.io docker-buildx-plugin\n");
  }

  TEST_CASE("there is no engine of the distribution's own, and no folder of .deb files") {
    CHECK(has(failure_of(plan_of("{}", rocky())).message, "\"source\": \"docker-ce\""));
    CHECK(has(failure_of(plan_of(R"({"source": "docker-ce", "packages": "/d"})", rocky())).message,
              "Debian and Ubuntu alone"));
  }
}
