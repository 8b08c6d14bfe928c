#include "unit/steps/docker_testing.hpp"

using namespace dtenv;
using namespace dtenv::docker_testing;

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

  TEST_CASE("what SELinux denies is allowed, and the CDI description is kept fresh") {
    Facts facts = rocky();
    facts.engine = true;
    facts.info.version = "26.1.0";
    facts.info.default_runtime = "runc";
    facts.info.runtimes["nvidia"] = "/usr/bin/nvidia-container-runtime";
    facts.gpu = true;
    facts.toolkit = "1.17.8";
    facts.config_text =
        R"({"runtimes": {"nvidia": {"path": "/usr/bin/nvidia-container-runtime"}}})";
    CHECK(plan_of(toolkit, facts).changes.empty());
    facts.selinux_denies_devices = true;
    facts.cdi_refresh = "disabled";
    const Plan plan = plan_of(toolkit, facts);
    CHECK(brief(plan) == "V100-1 update SELinux container_use_devices");
    FakeHost host;
    host.on({"setsebool", "-P", "container_use_devices", "on"}, "");
    CHECK(apply_to(host, toolkit, plan.changes[0]));
    const std::string_view cdi = R"({"nvidia_toolkit": {}, "cdi": true})";
    CHECK(has(brief(plan_of(cdi, facts)), "V100-1 update nvidia-cdi-refresh.path"));
    facts.gpu = false;
    CHECK(plan_of(toolkit, facts).changes.empty());
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
    CHECK(commands_of(host) == "dnf install nvidia-container-toolkit\nnvidia-ctk --version\n");
  }

  TEST_CASE("the key is written as it came, and rpm is told") {
    const std::string step = own_key_step(own_print);
    const Plan plan = plan_of(step, rocky());
    FakeHost host;
    host.on_any([](const Command&) { return std::optional<Outcome>(Outcome{}); });
    CHECK(apply_to(host, step, plan.changes[0]));
    CHECK(commands_of(host) == "rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-docker-ce\n");
    CHECK(has(host.files.at("/etc/pki/rpm-gpg/RPM-GPG-KEY-docker-ce").content, "BEGIN PGP"));
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
