#include "formats/openssh_key.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/text.hpp"
#include "formats/sshd_config.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

/// A file of mode 0600 that goes when the test does.
class PrivateFile {
 public:
  explicit PrivateFile(std::string_view text) {
    std::string pattern = "/tmp/dtenv-key-XXXXXX";
    const int fd = mkstemp(pattern.data());
    REQUIRE(fd >= 0);
    close(fd);
    path = pattern;
    std::ofstream(path) << text;
  }
  ~PrivateFile() { std::remove(path.c_str()); }
  std::string path;
};

/// What the program says on both streams; its exit status behind a newline.
std::string said(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1; echo \"exit $?\"").c_str(), "r");
  REQUIRE(pipe);
  std::string text;
  std::array<char, 4096> piece{};
  while (fgets(piece.data(), static_cast<int>(piece.size()), pipe)) text += piece.data();
  pclose(pipe);
  return text;
}

bool have(const std::string& program) {
  return ends_with(said("command -v " + program), "exit 0\n");
}

void check_pair(KeyKind kind, int bits) {
  const auto pair = make_key_pair(kind, bits, "dtenv@test");
  REQUIRE(pair);
  const auto again = read_public_half(pair->private_text.reveal());
  REQUIRE(again);
  CHECK(*again == pair->public_key);
  CHECK(parse_public_key(pair->public_key.line())->bits == pair->public_key.bits);
  if (!have("ssh-keygen")) return;
  const PrivateFile file(pair->private_text.reveal());
  CHECK(said("ssh-keygen -y -P '' -f " + file.path) == pair->public_key.line() + "\nexit 0\n");
  const PrivateFile open(pair->public_key.line() + "\n");
  CHECK(said("ssh-keygen -lf " + open.path).find(pair->public_key.fingerprint()) !=
        std::string::npos);
}

}  // namespace

TEST_SUITE("OpenSSH keys") {
  TEST_CASE("ssh-keygen reads the ed25519 keys that are made") {
    for (int i = 0; i < 4; ++i) check_pair(KeyKind::ed25519, 0);
  }

  TEST_CASE("ssh-keygen reads the RSA keys that are made") {
    check_pair(KeyKind::rsa, 3072);
  }

  TEST_CASE("weak keys and comments of several lines are refused") {
    CHECK_FALSE(make_key_pair(KeyKind::rsa, 2048, ""));
    CHECK_FALSE(make_key_pair(KeyKind::rsa, 1 << 20, ""));
    CHECK_FALSE(make_key_pair(KeyKind::ed25519, 0, "a\nb"));
  }

  TEST_CASE("other formats and damaged texts say what to do, and nothing of the key") {
    const auto pair = make_key_pair(KeyKind::ed25519, 0, "");
    REQUIRE(pair);
    const std::string text(pair->private_text.reveal());
    for (const std::string& bad :
         {std::string(), text.substr(0, text.size() - 60), "PuTTY-User-Key-File-3: x\n" + text,
          std::string("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"),
          "-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64(std::string("openssh-key-v1\0", 15)) +
              "\n-----END OPENSSH PRIVATE KEY-----\n"}) {
      const auto key = read_public_half(bad);
      REQUIRE_FALSE(key);
      CHECK(key.error().status == Status::config);
    }
    if (!have("ssh-keygen")) return;
    const PrivateFile file(text);
    said("ssh-keygen -q -p -P '' -N secret -f " + file.path);
    std::ifstream stream(file.path);
    const std::string locked((std::istreambuf_iterator<char>(stream)), {});
    const auto key = read_public_half(locked);
    REQUIRE_FALSE(key);
    CHECK(key.error().message.find("passphrase") != std::string::npos);
  }

  TEST_CASE("sshd takes the sshd_config that is rendered") {
    if (access("/usr/sbin/sshd", X_OK) != 0 || geteuid() != 0) return;
    if (access("/run/sshd", F_OK) != 0) return;
    const auto pair = make_key_pair(KeyKind::ed25519, 0, "");
    REQUIRE(pair);
    const PrivateFile key(pair->private_text.reveal());
    SshdConfig config;
    config.host_keys = {key.path};
    config.pid_file = "/run/dtenv-test-sshd.pid";
    config.listen = {"127.0.0.1", "::1"};
    config.set_env = {{"PATH", "/opt/a b/bin:/usr/bin"}, {"MSG", "say \"hi\" \\ #1"}, {"X", "y"}};
    const auto text = render_sshd_config(config);
    REQUIRE(text);
    const PrivateFile file(*text);
    const std::string shown = said("/usr/sbin/sshd -T -f " + file.path);
    CHECK(ends_with(shown, "exit 0\n"));
    CHECK(starts_with(shown, "port 6001\n"));
    CHECK(shown.find("setenv PATH=/opt/a b/bin:/usr/bin") != std::string::npos);
    CHECK(shown.find("MSG=say \"hi\" \\ #1") != std::string::npos);
  }
}
