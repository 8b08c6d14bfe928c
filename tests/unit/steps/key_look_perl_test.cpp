// What KeyExchange sees of a machine: by perl the same as by sh, byte for byte.
#include "steps/key_look_perl.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/digest.hpp"
#include "steps/key_place.hpp"
#include "steps/key_programs.hpp"
#include "support/conversation.hpp"

using namespace dtenv;

namespace {

namespace files = std::filesystem;

/// A home and an /etc/ssh that only what runs in here sees as root's.
struct Machine {
  std::string folder = "/run/dtenv-look-" + std::to_string(::getpid());

  Machine() {
    files::create_directories(folder + "/home");
    files::create_directories(folder + "/etc");
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() { files::remove_all(folder); }

  void put(const std::string& path, const std::string& text, unsigned mode = 0600) const {
    files::create_directories(files::path(folder + "/" + path).parent_path());
    std::ofstream(folder + "/" + path, std::ios::binary) << text;
    files::permissions(folder + "/" + path, static_cast<files::perms>(mode));
  }
  Argv inside(Argv argv) const {
    argv.insert(argv.begin(), {"unshare", "-m", "--propagation", "private", "sh", "-c",
                               "mount --bind \"$0/home\" /root && mount --bind \"$0/etc\" /etc/ssh "
                               "&& exec \"$@\"",
                               folder});
    return argv;
  }
  /// As both see it, which is the same.
  std::string look(const std::string& user, const std::string& trust = "keys") const {
    const Command by_sh =
        key_command(look_program, {user, "machine", trust, std::string(large_file)});
    std::string seen[2];
    for (const bool perl : {false, true}) {
      Conversation talk(inside(perl ? far_ends.back() : far_ends.front()));
      talk.define(by_sh, 1, std::string(perl ? look_perl : look_program));
      talk.ask(by_sh, 1, true);
      REQUIRE(talk.take({{"SSH_CONNECTION", "10.0.0.1 40000 10.0.0.2 2200"}}));
      CHECK(talk.words.empty());
      seen[perl ? 1 : 0] = talk.answer(1);
    }
    CHECK(seen[0] == seen[1]);
    return seen[1];
  }
};

std::string keys(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + std::to_string(i) + " dtenv\n";
  return text;
}

std::string block(const std::string& inside, const std::string& digest) {
  return "# dtenv:key_exchange begin sha256=" + digest + "\n" + inside +
         "# dtenv:key_exchange end\n";
}

bool skipped() {
  if (::geteuid() == 0) return false;
  MESSAGE("skipped: a mount namespace needs root");
  return true;
}

}  // namespace

TEST_SUITE("the look by perl") {
  TEST_CASE("nothing, a folder, and files are seen alike") {
    if (skipped()) return;
    const Machine machine;
    CHECK(machine.look("") == "0: user root\nowner 0:0\nhome /root\nport 2200\n");
    CHECK(contains(machine.look("root", "ca"), "\nnow "));
    CHECK(machine.look("no-such-user") == "0: missing user\n");
    files::create_directories(machine.folder + "/home/.ssh");
    files::permissions(machine.folder + "/home/.ssh", static_cast<files::perms>(0755));
    CHECK(contains(machine.look("root"), "folder_mode 755\n"));
    machine.put("home/.ssh/id_dtenv", "secret\n");
    CHECK(contains(machine.look("root"), "key_mode 600 7\n"));
    machine.put("home/.ssh/authorized_keys", std::string("a\0b\xff", 4));
    machine.put("home/.ssh/config", "", 0644);
    machine.put("etc/ssh_host_ecdsa_key.pub", "ecdsa\n", 0644);
    machine.put("etc/dtenv/issued", "issued\n");
    const std::string seen = machine.look("root");
    CHECK(contains(seen,
                   "files host_key issued authorized_keys ssh_config\n644 6\n600 7\n600 4\n"
                   "644 0\necdsa\nissued\na"));
    machine.put("etc/ssh_host_ed25519_key.pub", "ed25519\n", 0644);
    CHECK(contains(machine.look("root"), "ed25519\n"));
  }

  TEST_CASE("of large files the same is left out") {
    if (skipped()) return;
    const Machine machine;
    const std::string many = keys(2000);
    const std::string digest = sha256(many).substr(0, 16);
    machine.put("home/.ssh/known_hosts_dtenv", many);
    machine.put("home/.ssh/config", "Host own\n" + block(many, digest) + "Host last");
    for (const std::string& text :
         {block(many, digest), keys(3) + block(many, digest) + "no end", many,
          block(many, "0123456789abcdef"), block(many, digest.substr(0, 15)),
          block("", digest) + many, block(many, digest) + block(many, digest)}) {
      machine.put("home/.ssh/authorized_keys", text);
      const std::string seen = machine.look("root");
      const bool hollow = contains(text, "sha256=" + digest + "\n" + many) &&
                          text.find(" begin") == text.rfind(" begin");
      CHECK(contains(seen, "600 0 " + sha256(many)));
      CHECK((seen.size() < 1000) == hollow);
      CHECK(contains(seen, "Host own\n# dtenv:key_exchange begin"));
    }
  }
}
