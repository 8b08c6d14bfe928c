#include "host/atomic_file.hpp"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/digest.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {
namespace {

struct Folder {
  std::string path;
  Folder() {
    path = std::filesystem::temp_directory_path() / ("dtenv-file-" + hex(random_bytes(6)));
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }

  FileWrite file(const std::string& name, std::string content) const {
    FileWrite write;
    write.path = path + "/" + name;
    write.content = std::move(content);
    return write;
  }
  int entries() const {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path)) ++count;
    return count;
  }
  std::string content(const std::string& name) const {
    const auto state = read_file(path + "/" + name, 1 << 20);
    return state && *state ? (*state)->content : "absent";
  }
};

TEST_SUITE("write_file") {
  TEST_CASE_FIXTURE(Folder, "the umask of the process does not matter") {
    for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}, mode_t{0777}}) {
      const mode_t before = ::umask(mask);
      const auto written = write_file(file("a/b" + std::to_string(mask) + "/one", "x"));
      ::umask(before);
      REQUIRE(written);
      const std::string folder = path + "/a/b" + std::to_string(mask);
      struct stat info {};
      ::stat(folder.c_str(), &info);
      CHECK((info.st_mode & 07777) == 0755);
      CHECK((*read_file(folder + "/one", 10))->mode == 0644);
    }
  }

  TEST_CASE_FIXTURE(Folder, "a dead writer's temp goes, a living one's stays") {
    const pid_t child = ::fork();
    if (child == 0) {
      // The kernel ends it in the middle of its write: files may not grow that large.
      const rlimit small{1000, 1000};
      ::setrlimit(RLIMIT_FSIZE, &small);
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      ::signal(SIGXFSZ, SIG_DFL);
      write_file(file("one", std::string(5000, 'x')));
      ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(entries() == 1);
    std::ofstream(path + "/.one.dtenv.ffffffff.1.2.abcdef") << "another machine's";
    REQUIRE(write_file(file("one", "x")));
    CHECK(entries() == 2);
    CHECK(content("one") == "x");
  }

  TEST_CASE_FIXTURE(Folder,
                    "another user's symbolic link is not followed, on the way or at the end") {
    if (::geteuid() != 0) return;
    std::filesystem::create_directories(path + "/real");
    std::filesystem::create_directory_symlink(path + "/real", path + "/link");
    CHECK(write_file(file("link/one", "x")));
    REQUIRE(::lchown((path + "/link").c_str(), 65534, 65534) == 0);
    CHECK(!write_file(file("link/one", "y")));
    FileWrite end = file("end", "y");
    end.follow_symlink = true;
    std::filesystem::create_symlink("real/one", path + "/end");
    CHECK(write_file(end));
    REQUIRE(::lchown((path + "/end").c_str(), 65534, 65534) == 0);
    CHECK(!write_file(end));
    CHECK(content("real/one") == "y");
  }

  TEST_CASE_FIXTURE(Folder, "a bind mounted file is refused with that cause") {
    REQUIRE(write_file(file("source", "s")));
    REQUIRE(write_file(file("target", "t")));
    const std::string target = path + "/target";
    if (::mount((path + "/source").c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) return;
    const auto written = write_file(file("target", "x"));
    ::umount2(target.c_str(), MNT_DETACH);
    REQUIRE(!written);
    CHECK(contains(written.error().message, "bind mounted"));
    CHECK(content("target") == "t");
  }

  TEST_CASE_FIXTURE(Folder, "a full disk leaves the old file and no other") {
    if (::mount("none", path.c_str(), "tmpfs", 0, "size=64k") != 0) return;
    REQUIRE(write_file(file("one", "old")));
    const auto written = write_file(file("one", std::string(200000, 'x')));
    const std::string kept = content("one");
    const int left = entries();
    ::umount2(path.c_str(), MNT_DETACH);
    REQUIRE(!written);
    CHECK(contains(written.error().message, "No space left"));
    CHECK(kept == "old");
    CHECK(left == 1);
  }

  TEST_CASE_FIXTURE(Folder, "extended attributes are kept") {
    REQUIRE(write_file(file("one", "old")));
    const std::string one = path + "/one";
    if (std::system(("setfattr -n user.dtenv -v kept " + one + " 2>/dev/null").c_str()) != 0)
      return;
    REQUIRE(write_file(file("one", "new")));
    CHECK(std::system(("getfattr -n user.dtenv " + one + " >/dev/null 2>&1").c_str()) == 0);
  }

  TEST_CASE("a path must be absolute and name a file") {
    FileWrite write;
    for (const char* path : {"", "relative", "/", "/tmp/", "/tmp/.."}) {
      write.path = path;
      const auto written = write_file(write);
      REQUIRE(!written);
      CHECK(written.error().status == Status::invalid);
    }
  }
}

}  // namespace
}  // namespace dtenv
