#include "host/ssh_client.hpp"

#include <stdlib.h>

#include <boost/filesystem/operations.hpp>

#include "base/text.hpp"
#include "host/atomic_file.hpp"
#include "proc/child.hpp"
#include "support/loop.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {
namespace {

struct Folder {
  std::string path;
  Folder() {
    std::string made = "/tmp/dtenv-client.XXXXXX";
    REQUIRE(::mkdtemp(made.data()) != nullptr);
    path = made;
  }
  ~Folder() { boost::filesystem::remove_all(path); }
};

/// What ssh takes with this config: "kexalgorithms A,B,…".
std::string first_algorithm(asio::io_context& loop, const std::string& config) {
  Command ask;
  ask.argv = {"ssh", "-G", "-F", config, "somewhere"};
  const auto told = run_on(loop, run_child(ask));
  REQUIRE(told);
  REQUIRE_MESSAGE(told->ok(), told->err);
  for (const std::string_view line : split_lines(told->out))
    if (starts_with(line, "kexalgorithms "))
      return std::string(line.substr(14, line.find(',') - 14));
  return "";
}

TEST_SUITE("SshClient") {
  TEST_CASE("a newer client is given curve25519 first, behind what the user's config says") {
    asio::io_context loop;
    const Folder folder;
    SshClient client(loop.get_executor(), folder.path);
    const std::string path = run_on(loop, client.config_file());
    SKIP_UNLESS(!path.empty(), "no OpenSSH 9 here, or a ~/.ssh/config that others may write");
    CHECK(path == run_on(loop, client.config_file()));
    const auto file = read_file(path, 4096);
    REQUIRE(file);
    REQUIRE(*file);
    CHECK((*file)->mode == 0600);
    const std::string text = (*file)->content;
    CHECK(starts_with(text, "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\nHost *\n"));

    FileWrite user;
    user.path = folder.path + "/user";
    user.content = "Host elsewhere\n  Port 7\n";
    REQUIRE(write_file(user));
    FileWrite ours;
    ours.path = folder.path + "/ours";
    ours.content = replace_all(text, "~/.ssh/config", user.path);
    REQUIRE(write_file(ours));
    CHECK(first_algorithm(loop, ours.path) == "curve25519-sha256");
    user.content = "Host some*\n  KexAlgorithms ecdh-sha2-nistp256\n";
    REQUIRE(write_file(user));
    CHECK(first_algorithm(loop, ours.path) == "ecdh-sha2-nistp256");
  }

  TEST_CASE("who is called off while asking leaves it to the next") {
    asio::io_context loop;
    const Folder folder;
    SshClient client(loop.get_executor(), folder.path);
    Started<std::string> called_off(loop, client.config_file());
    loop.restart();
    loop.run_one_for(std::chrono::seconds(1));
    called_off.cancel();
    REQUIRE(called_off.until([&] { return called_off.done(); }));
    const std::string path = run_on(loop, client.config_file());
    CHECK((path.empty() || path == folder.path + "/ssh_config"));
  }
}

}  // namespace
}  // namespace dtenv
