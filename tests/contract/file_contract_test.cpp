// What every machine's read() and write() must do.
#include <unistd.h>

#include "base/digest.hpp"
#include "contract/setup.hpp"
#include "unit/doctest_result.hpp"

#define KEEPERS                                                                                \
  LocalSetup, FakeSetup, SshSetup, BareSshSetup, ContainerSetup, ShellSetup<0>, ShellSetup<1>, \
      ShellSetup<2>
#define MACHINES \
  LocalSetup, SshSetup, BareSshSetup, ContainerSetup, ShellSetup<0>, ShellSetup<1>, ShellSetup<2>

namespace dtenv {
namespace {

std::string listing(Setup& setup) {
  return setup.run({"ls", "-A", setup.folder})->out;
}

TEST_SUITE("files") {
  TEST_CASE_TEMPLATE("what was written is read, byte for byte", T, KEEPERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const std::string bytes = std::string("a\0b\n\n", 5) + random_bytes(3000) + "\n\n";
    REQUIRE(setup.write(setup.file("one", bytes)));
    const auto found = setup.read(setup.folder + "/one");
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->content == bytes);
    CHECK((*found)->mode == 0644);
    REQUIRE(setup.write(setup.file("one", "")));
    CHECK((*setup.read(setup.folder + "/one"))->content.empty());
  }

  TEST_CASE_TEMPLATE("absent is known, a folder is an error, the limit holds", T, KEEPERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    REQUIRE(setup.write(setup.file("sub/one", "12345")));
    const auto absent = setup.read(setup.folder + "/no/such/file");
    REQUIRE(absent);
    CHECK(!*absent);
    CHECK(!setup.read(setup.folder + "/sub"));
    CHECK(!setup.read(setup.folder + "/sub/one", 4));
    CHECK(setup.read(setup.folder + "/sub/one", 5));
  }

  TEST_CASE_TEMPLATE("mode and owner are kept, or as asked for", T, KEEPERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    FileWrite file = setup.file("one", "a");
    file.mode = 0640;
    if (::geteuid() == 0) file.owner = "1234:2345";
    REQUIRE(setup.write(file));
    REQUIRE(setup.write(setup.file("one", "b")));
    auto found = setup.read(file.path);
    REQUIRE(found);
    CHECK((*found)->mode == 0640);
    CHECK((*found)->content == "b");
    if (::geteuid() == 0) CHECK((*found)->owner == "1234:2345");
    file.mode = 0600;
    REQUIRE(setup.write(file));
    CHECK((*setup.read(file.path))->mode == 0600);
    file.owner = "root:root";
    CHECK(setup.write(setup.file("two", "x")));
  }

  TEST_CASE_TEMPLATE("many files at once, of one folder and of others", T, KEEPERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const std::string bytes = random_bytes(200'000);
    std::vector<FileWrite> files = {setup.file("one", "1"), setup.file("two 'b'", bytes),
                                    setup.file("three", ""), setup.file("sub/four", "4\n"),
                                    setup.file("sub/five", "5")};
    files[1].mode = 0600;
    files[2].mode = 0755;
    if (::geteuid() == 0) files[3].owner = "1234:2345";
    REQUIRE(setup.write_all(files));
    for (const FileWrite& file : files) {
      const auto found = setup.read(file.path);
      REQUIRE(found);
      REQUIRE(*found);
      CHECK((*found)->content == file.content);
      CHECK((*found)->mode == file.mode.value_or(0644));
      if (!file.owner.empty()) CHECK((*found)->owner == file.owner);
    }
    files[1].content = "short";
    files[1].mode.reset();
    REQUIRE(setup.write_all(files));
    CHECK((*setup.read(files[1].path))->content == "short");
    CHECK((*setup.read(files[1].path))->mode == 0600);
  }

  TEST_CASE_TEMPLATE("of files in one folder none is replaced where one cannot be", T, SshSetup,
                     BareSshSetup, ContainerSetup, ShellSetup<0>, ShellSetup<1>, ShellSetup<2>) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    REQUIRE(setup.write_all({setup.file("one", "old"), setup.file("two", "old")}));
    REQUIRE(setup.run({"mkdir", setup.folder + "/sub"})->ok());
    std::vector<FileWrite> files = {setup.file("one", "new"), setup.file("two", "new")};
    files[1].expected_sha256 = sha256("other");
    const auto stale = setup.write_all(files);
    REQUIRE(!stale);
    CHECK(stale.error().status == Status::plan_stale);
    CHECK(starts_with(stale.error().message, files[1].path + ": "));
    files[1] = setup.file("sub", "new");
    const auto folder = setup.write_all(files);
    REQUIRE(!folder);
    CHECK(folder.error().message == setup.folder + "/sub: a folder");
    CHECK((*setup.read(setup.folder + "/one"))->content == "old");
    CHECK(listing(setup) == "one\nsub\ntwo\n");
  }

  TEST_CASE_TEMPLATE("a write is refused when the file is not as expected", T, KEEPERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    FileWrite file = setup.file("one", "new");
    file.expected_sha256 = "";
    REQUIRE(setup.write(file));
    const auto again = setup.write(file);
    REQUIRE(!again);
    CHECK(again.error().status == Status::plan_stale);
    file.expected_sha256 = sha256("old");
    CHECK(setup.write(file).error().status == Status::plan_stale);
    file.expected_sha256 = sha256("new");
    file.content = "newer";
    CHECK(setup.write(file));
    file.path = setup.folder + "/absent";
    CHECK(setup.write(file).error().status == Status::plan_stale);
    CHECK((*setup.read(setup.folder + "/one"))->content == "newer");
  }

  TEST_CASE_TEMPLATE("missing folders are made with their mode, or not", T, MACHINES) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    FileWrite file = setup.file("a/b/one", "x");
    file.make_folders = false;
    CHECK(!setup.write(file));
    file.make_folders = true;
    file.folder_mode = 0700;
    REQUIRE(setup.write(file));
    CHECK(setup.run({"stat", "-c", "%a", setup.folder + "/a", setup.folder + "/a/b"})->out ==
          "700\n700\n");
    REQUIRE(setup.write(setup.file("c/one", "x")));
    CHECK(setup.run({"stat", "-c", "%a", setup.folder + "/c"})->out == "755\n");
  }

  TEST_CASE_TEMPLATE("a symbolic link is refused, or followed when asked to", T, MACHINES) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    REQUIRE(setup.write(setup.file("real", "old")));
    REQUIRE(setup.run({"ln", "-s", "real", setup.folder + "/link"})->ok());
    FileWrite file = setup.file("link", "new");
    CHECK(!setup.write(file));
    CHECK((*setup.read(setup.folder + "/real"))->content == "old");
    file.follow_symlink = true;
    REQUIRE(setup.write(file));
    CHECK((*setup.read(setup.folder + "/real"))->content == "new");
    CHECK(setup.run({"readlink", setup.folder + "/link"})->out == "real\n");
  }

  TEST_CASE_TEMPLATE("what is no lone regular file is refused", T, MACHINES) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    REQUIRE(setup.run({"mkfifo", setup.folder + "/fifo"})->ok());
    CHECK(!setup.write(setup.file("fifo", "x")));
    CHECK(!setup.read(setup.folder + "/fifo"));
    REQUIRE(setup.run({"mkdir", setup.folder + "/sub"})->ok());
    CHECK(!setup.write(setup.file("sub", "x")));
    REQUIRE(setup.write(setup.file("one", "x")));
    REQUIRE(setup.run({"ln", setup.folder + "/one", setup.folder + "/two"})->ok());
    CHECK(!setup.write(setup.file("one", "y")));
    CHECK((*setup.read(setup.folder + "/two"))->content == "x");
    CHECK(!setup.write(setup.file("", "x")));
  }

  TEST_CASE_TEMPLATE("names with blanks, quotes and newlines are names", T, MACHINES) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const std::string name = "-a 'b'\n\"c\" $d *";
    REQUIRE(setup.write(setup.file(name, "x")));
    CHECK((*setup.read(setup.folder + "/" + name))->content == "x");
  }

  TEST_CASE_TEMPLATE("nothing but the file is left, and dead writers' rest goes", T, MACHINES) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    REQUIRE(setup.run({"touch", setup.folder + "/.one.dtenv.s.999999.abcdef"})->ok());
    REQUIRE(setup.write(setup.file("one", "x")));
    FileWrite refused = setup.file("one", "y");
    refused.expected_sha256 = sha256("z");
    REQUIRE(!setup.write(refused));
    const bool in_process = std::is_same_v<T, LocalSetup>;
    CHECK(listing(setup) == (in_process ? ".one.dtenv.s.999999.abcdef\none\n" : "one\n"));
  }

  TEST_CASE_TEMPLATE("a disk that fills amid a write: the old file stays, the machine stays usable",
                     T, LocalSetup, SshSetup, BareSshSetup, ShellSetup<0>, ShellSetup<1>,
                     ShellSetup<2>) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const std::string small = setup.folder + "/small";
    REQUIRE(setup.run({"mkdir", small})->ok());
    const bool mounted = setup.run({"mount", "-t", "tmpfs", "-o", "size=64k", "none", small})->ok();
    SKIP_UNLESS(mounted, "nothing may be mounted here");
    REQUIRE(setup.write(setup.file("small/one", "old")));
    const auto full = setup.write(setup.file("small/one", std::string(300'000, 'x') + "\n"));
    const auto kept = setup.read(small + "/one");
    const auto again = setup.write(setup.file("small/one", "new"));
    const auto left = setup.run({"ls", "-A", small});
    const auto unmounted = setup.run({"umount", small});
    REQUIRE(unmounted);
    REQUIRE(unmounted->ok());
    REQUIRE(left);
    REQUIRE_FALSE(full);
    const bool busybox = full.error().message.find("I/O error") != std::string::npos;
    CHECK((busybox || full.error().message.find("No space left") != std::string::npos));
    REQUIRE(kept);
    CHECK((*kept)->content == "old");
    CHECK(again);
    CHECK(left->out == "one\n");
  }

  TEST_CASE_TEMPLATE("a large file", T, KEEPERS) {
    T setup;
    SKIP_UNLESS(setup.skip.empty(), setup.skip);
    const std::string bytes = random_bytes(std::size_t{6} << 20);
    REQUIRE(setup.write(setup.file("large", bytes)));
    const auto found = setup.read(setup.folder + "/large");
    REQUIRE(found);
    CHECK(sha256((*found)->content) == sha256(bytes));
  }

  TEST_CASE("what may not be read is an error, not an absence") {
    LocalSetup setup;
    if (::geteuid() != 0) return;
    REQUIRE(setup.run({"chmod", "711", setup.folder})->ok());
    FileWrite file = setup.file("closed/secret", "x");
    file.mode = 0600;
    file.folder_mode = 0700;
    REQUIRE(setup.write(file));
    REQUIRE(setup.write(setup.file("open", "x")));
    const HostContext context{setup.loop.get_executor(), &setup.curl, setup.folder};
    for (const Argv& shell : {Argv{"dash"}, Argv{"bash", "--posix"}, Argv{"busybox", "sh"}}) {
      auto nobody = make_shell_host(
          context, {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, shell);
      CHECK(run_on(setup.loop, nobody->read(setup.folder + "/open")));
      CHECK(!run_on(setup.loop, nobody->read(file.path)));
      CHECK(!run_on(setup.loop, nobody->read(setup.folder + "/closed/absent")));
      CHECK(run_on(setup.loop, nobody->read(setup.folder + "/absent")));
      FileWrite write = setup.file("mine", "x");
      CHECK(!run_on(setup.loop, nobody->write(write)));
    }
  }
}

}  // namespace
}  // namespace dtenv
