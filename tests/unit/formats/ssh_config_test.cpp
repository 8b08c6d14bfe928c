#include "formats/ssh_config.hpp"

#include "base/text.hpp"
#include "formats/managed_block.hpp"
#include "formats/sshd_config.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

const std::vector<SshConfigHost> two = {{"V100-1", "172.31.32.29", 6001, "root"},
                                        {"V100-2", "172.31.32.40", 6002, "root"}};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

SshdConfig sshd() {
  SshdConfig config;
  config.host_keys = {"/etc/ssh/dtenv/ssh_host_ed25519_key"};
  config.pid_file = "/run/dtenv-sshd.pid";
  return config;
}

}  // namespace

TEST_SUITE("ssh config") {
  TEST_CASE("the seed's blocks, with host keys checked") {
    const auto text =
        render_ssh_config(two, {"~/.ssh/id_dtenv", "~/.ssh/known_hosts_dtenv", {"DTENV_JOB"}, 10});
    REQUIRE(text);
    CHECK(text->rfind("Host V100-1\n    Hostname 172.31.32.29\n    Port 6001\n", 0) == 0);
    CHECK(has(*text, "Host V100-2\n    Hostname 172.31.32.40\n    Port 6002\n"));
    CHECK(has(*text, "\nHost V100-1 V100-2\n    User root\n    IdentityFile ~/.ssh/id_dtenv\n"));
    CHECK(has(*text, "    StrictHostKeyChecking yes\n"));
    CHECK(has(*text, "    HostKeyAlias V100-2\n"));
    CHECK(has(*text, "    SendEnv DTENV_JOB\n"));
    CHECK(has(*text, "    UserKnownHostsFile ~/.ssh/known_hosts_dtenv\n"));
  }

  TEST_CASE("every host of many is in a group, and no line is longer than an old ssh reads") {
    std::vector<SshConfigHost> many;
    for (int i = 0; i < 1000; ++i)
      many.push_back({"node-" + std::to_string(i), "10.0.0.1", 6001, "root"});
    const auto text = render_ssh_config(many, {});
    REQUIRE(text);
    std::size_t named = 0;
    for (const std::string_view line : split_lines(*text)) {
      CHECK(line.size() < 1023);
      if (starts_with(line, "Host ")) named += split_words(line).size() - 1;
    }
    CHECK(named == 2 * many.size());
  }

  TEST_CASE("a hostfile's hosts keep their ports, users and addresses") {
    const auto file = parse_hostfile("n1 slots=4 port=6001 user=train addr=10.0.0.1\nn2 slots=4\n",
                                     HostfileDialect::dtenv);
    REQUIRE(file);
    const auto text = render_ssh_config(file->hosts, {});
    REQUIRE(text);
    CHECK(has(*text, "Host n1\n    Hostname 10.0.0.1\n    Port 6001\n    User train\n"));
    CHECK(has(*text, "Host n2\n    Port 22\n    User root\nHost n1 n2\n    Hostname %h\n"));
  }

  TEST_CASE("what all have alike stands there once") {
    std::vector<SshConfigHost> alike = {{"n1", "n1", 22, "root"}, {"n2", "n2", 22, "root"}};
    const auto text = render_ssh_config(alike, {});
    REQUIRE(text);
    CHECK(
        starts_with(*text, "Host n1 n2\n    Hostname %h\n    Port 22\n    User root\n    Strict"));
    SshConfigOptions pinned;
    pinned.known_hosts_file = "/known";
    CHECK(starts_with(*render_ssh_config(alike, pinned),
                      "Host n1 n2\n    Hostname %h\n    Port 22\n"));
    pinned.above_others = true;
    CHECK(
        starts_with(*render_ssh_config(alike, pinned), "Host n1\n    HostKeyAlias n1\nHost n2\n"));
    pinned.above_others = false;
    alike[1].port = 6001;
    CHECK(starts_with(*render_ssh_config(alike, pinned),
                      "Host n1\n    Port 22\nHost n2\n    Port 6001\n    HostKeyAlias n2\n"));
    alike[0].name = alike[0].address = "N1";
    CHECK(starts_with(*render_ssh_config(alike, pinned),
                      "Host N1\n    Port 22\n    HostKeyAlias N1\n"));
    alike[1].address = "10.0.0.2";
    alike[0].address = "10.0.0.1";
    CHECK_FALSE(has(*render_ssh_config(alike, {}), "%h"));
  }

  TEST_CASE("in a file of somebody's our block comes first and ends where all hosts are meant") {
    const std::string own = "ServerAliveInterval 5\nHost *\n  Port 22\n";
    const auto merged = merge_ssh_config(own, two, {}, "glm");
    REQUIRE(merged);
    CHECK(merged->rfind("# dtenv:glm begin", 0) == 0);
    CHECK(has(*merged, "Host *\n# dtenv:glm end\n" + own));
    CHECK(*merge_ssh_config(*merged, two, {}, "glm") == *merged);
    CHECK(*without_block(*merged, "glm") == own);
  }

  TEST_CASE("what ssh would run, split or expand is refused") {
    CHECK_FALSE(render_ssh_config({{"-oProxyCommand=x", "10.0.0.1", 22, "root"}}, {}));
    CHECK_FALSE(render_ssh_config({{"n", "a b", 22, "root"}}, {}));
    CHECK_FALSE(render_ssh_config({{"n", "10.0.0.1", 0, "root"}}, {}));
    CHECK_FALSE(render_ssh_config({{"n", "10.0.0.1", 22, "-l"}}, {}));
    CHECK_FALSE(
        render_ssh_config({{"n", "10.0.0.1", 22, "root"}, {"N", "10.0.0.2", 22, "root"}}, {}));
    CHECK_FALSE(render_ssh_config(two, {"/a b", "", {}, 10}));
    CHECK_FALSE(render_ssh_config(two, {"", "/%h\nHost x", {}, 10}));
  }
}

TEST_SUITE("sshd config") {
  TEST_CASE("keys alone, on the node's port") {
    SshdConfig config = sshd();
    config.listen = {"172.31.32.29"};
    const auto text = render_sshd_config(config);
    REQUIRE(text);
    for (const char* line :
         {"Port 6001\n", "ListenAddress 172.31.32.29\n", "PermitRootLogin prohibit-password\n",
          "PasswordAuthentication no\n", "MaxStartups 500:30:1000\n", "MaxSessions 100\n",
          "PidFile /run/dtenv-sshd.pid\n", "HostKey /etc/ssh/dtenv/ssh_host_ed25519_key\n"})
      CHECK(has(*text, line));
    CHECK_FALSE(has(*text, "SetEnv"));
    CHECK_FALSE(has(*text, "AcceptEnv"));
    config.accept_env = {"DTENV_JOB"};
    CHECK(has(*render_sshd_config(config), "\nAcceptEnv DTENV_JOB\n"));
    config.accept_env = {"A B"};
    CHECK_FALSE(render_sshd_config(config));
  }

  TEST_CASE("the container's environment stands in one SetEnv line, without what runs code") {
    SshdConfig config = sshd();
    config.set_env = {{"PATH", "/opt/conda/bin:/usr/bin"},
                      {"LD_LIBRARY_PATH", "/usr/local/cuda/lib64"},
                      {"LD_PRELOAD", "/tmp/x.so"},
                      {"BASH_ENV", "/tmp/x"},
                      {"TWO WORDS", "x"},
                      {"MSG", "a \"b\" \\ #c"},
                      {"LINES", "a\nPermitRootLogin yes"},
                      {"HOME", "/x"}};
    const auto text = render_sshd_config(config);
    REQUIRE(text);
    CHECK(has(*text,
              "\nSetEnv PATH=/opt/conda/bin:/usr/bin LD_LIBRARY_PATH=/usr/local/cuda/lib64 "
              "\"MSG=a \\\"b\\\" \\\\ #c\"\n"));
    CHECK_FALSE(has(*text, "LD_PRELOAD"));
    CHECK_FALSE(has(*text, "PermitRootLogin yes"));
  }

  TEST_CASE("what is no address, path or user is refused") {
    SshdConfig config = sshd();
    config.listen = {"eth0\nPermitRootLogin yes"};
    CHECK_FALSE(render_sshd_config(config));
    config = sshd();
    config.host_keys = {"key"};
    CHECK_FALSE(render_sshd_config(config));
    config = sshd();
    config.user = "root other";
    CHECK_FALSE(render_sshd_config(config));
  }
}
