#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <cstring>
#include <fstream>
#include <map>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "net/archive_info.hpp"
#include "net/context_tar.hpp"
#include "net_testing.hpp"

using namespace dtenv;
namespace fs = boost::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("dtenv-tar-" + hex(random_bytes(4)));
  asio::io_context loop;

  Folder() { fs::create_directories(path); }
  ~Folder() {
    boost::system::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void put(const std::string& name, const std::string& content) {
    fs::create_directories((path / name).parent_path());
    std::ofstream file((path / name).native(), std::ios::binary);
    file << content;
  }
  ContextTar context() const {
    ContextTar tar;
    tar.walk.folder = path.native();
    return tar;
  }
  Result<std::string> make(ContextTar tar) {
    DT_TRY_ASSIGN(BodySource source, context_tar(std::move(tar)));
    return run_task(loop, read_all(std::move(source)));
  }
};

struct Entry {
  std::string content, link;
  unsigned type = 0;
  std::uint32_t mode = 0;
  std::int64_t uid = -1, mtime = -1;
};

std::vector<std::pair<std::string, Entry>> list(const std::string& tar) {
  std::vector<std::pair<std::string, Entry>> entries;
  archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  REQUIRE(archive_read_open_memory(reader, tar.data(), tar.size()) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    Entry read;
    read.type = archive_entry_filetype(entry);
    read.mode = archive_entry_perm(entry);
    read.uid = archive_entry_uid(entry);
    read.mtime = archive_entry_mtime(entry);
    if (archive_entry_symlink(entry) != nullptr) read.link = archive_entry_symlink(entry);
    read.content.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    archive_read_data(reader, read.content.data(), read.content.size());
    entries.emplace_back(archive_entry_pathname(entry), read);
  }
  archive_read_free(reader);
  return entries;
}

std::vector<std::string> names(const std::string& tar) {
  std::vector<std::string> found;
  for (const auto& [name, entry] : list(tar)) found.push_back(name);
  return found;
}

}  // namespace

TEST_SUITE("context_tar") {
  TEST_CASE_FIXTURE(Folder, "everything is there, owned by root, sorted, with the time asked for") {
    put("b.txt", "bee");
    put("a/run.sh", "#!/bin/sh\n");
    ::chmod((path / "a/run.sh").c_str(), 0755);
    fs::create_symlink("../b.txt", path / "a/link");
    ContextTar tar = context();
    tar.mtime = 1234567;
    const auto bytes = make(tar);
    REQUIRE_MESSAGE(bytes.has_value(), bytes.error());
    const auto entries = list(*bytes);
    CHECK(names(*bytes) == std::vector<std::string>{"a/", "a/link", "a/run.sh", "b.txt"});
    CHECK(entries[1].second.link == "../b.txt");
    CHECK(entries[2].second.mode == 0755);
    CHECK(entries[2].second.content == "#!/bin/sh\n");
    for (const auto& [name, entry] : entries) {
      CHECK(entry.uid == 0);
      CHECK(entry.mtime == 1234567);
    }
    CHECK(make(tar).value() == *bytes);
  }

  TEST_CASE_FIXTURE(Folder, "names are bytes: UTF-8, none, and longer than a header holds") {
    const std::string longer = std::string(150, 'd') + "/" + std::string(200, 'f');
    const std::string odd = "caf\xC3\xA9 \xFF\n.txt";
    put(longer, "deep");
    put(odd, "odd");
    const auto bytes = make(context());
    REQUIRE_MESSAGE(bytes.has_value(), bytes.error());
    const std::string raw = *bytes;
    CHECK(contains(raw, odd));
    CHECK(contains(raw, longer));
    CHECK(contains(raw, "deep"));
    CHECK(raw[156] == '0');  // an ordinary file is what comes first
  }

  TEST_CASE_FIXTURE(Folder,
                    "what is left out is not entered; exceptions bring their folders along") {
    put("Dockerfile", "FROM x");
    put("big/a", "a");
    put("big/keep/b", "b");
    int asked_below = 0;
    ContextTar tar = context();
    tar.walk.excludes = [&](std::string_view name) {
      asked_below += starts_with(name, "big/");
      return Result<bool>(starts_with(name, "big") && name != "big/keep/b");
    };
    CHECK(names(make(tar).value()) == std::vector<std::string>{"Dockerfile"});
    CHECK(asked_below == 0);
    tar.walk.walk_excluded = true;
    CHECK(names(make(tar).value()) ==
          std::vector<std::string>{"Dockerfile", "big/", "big/keep/", "big/keep/b"});
  }

  TEST_CASE_FIXTURE(Folder, "extra entries come first and replace files of their name") {
    put("Dockerfile", "FROM disk");
    put("z", "z");
    ContextTar tar = context();
    TarEntry generated{"Dockerfile", "FROM memory", 0600};
    tar.extra.push_back(generated);
    const auto entries = list(make(tar).value());
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].first == "Dockerfile");
    CHECK(entries[0].second.content == "FROM memory");
    CHECK(entries[0].second.mode == 0600);
  }

  TEST_CASE_FIXTURE(Folder, "sockets are left out, pipes stay pipes, hard links are files") {
    put("file", "same");
    fs::create_hard_link(path / "file", path / "twin");
    REQUIRE(::mkfifo((path / "pipe").c_str(), 0644) == 0);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = (path / "socket").native();
    std::memcpy(address.sun_path, name.data(), name.size());
    REQUIRE(::bind(fd, static_cast<const sockaddr*>(static_cast<const void*>(&address)),
                   sizeof address) == 0);
    ::close(fd);
    const auto entries = list(make(context()).value());
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].second.content == "same");
    CHECK(entries[1].first == "pipe");
    CHECK(entries[1].second.type == AE_IFIFO);
    CHECK(entries[2].second.content == "same");
  }

  TEST_CASE_FIXTURE(Folder, "a file that shrinks, grows, goes or becomes a link ends the stream") {
    const auto spoil = [&](const std::function<void(const std::string&)>& change) {
      put("a", std::string(600 << 10, 'a'));
      put("b", std::string(600 << 10, 'b'));
      auto source = context_tar(context());
      REQUIRE(source.has_value());
      REQUIRE(run_task(loop, (*source)()).has_value());  // within a
      change((path / "b").native());
      const auto rest = run_task(loop, read_all(*source));
      REQUIRE(rest.has_error());
      ::unlink((path / "b").c_str());
      return rest.error();
    };
    CHECK(spoil([](const std::string& file) { ::unlink(file.c_str()); }).status == Status::io);
    const auto link = spoil([](const std::string& file) {
      ::unlink(file.c_str());
      REQUIRE(::symlink("/etc/passwd", file.c_str()) == 0);
    });
    CHECK(link.status == Status::state);
    const std::string first = (path / "a").native();
    const auto shrunk =
        spoil([&](const std::string&) { REQUIRE(::truncate(first.c_str(), 1000) == 0); });
    CHECK(contains(shrunk.message, "shrank"));
    const auto grown =
        spoil([&](const std::string&) { REQUIRE(::truncate(first.c_str(), 900 << 10) == 0); });
    CHECK(contains(grown.message, "grew"));
  }

  TEST_CASE_FIXTURE(Folder, "a folder that is not there is an error") {
    ContextTar tar = context();
    tar.walk.folder += "/none";
    CHECK(context_tar(tar).has_error());
  }
}

TEST_SUITE("read_archive_info") {
  TEST_CASE_FIXTURE(Folder, "reads the manifest, plain and compressed") {
    ContextTar tar;
    TarEntry layer{"layer.tar", std::string(20 << 20, 'x'), 0644};
    TarEntry manifest{"manifest.json", R"([{"Config":"c.json","RepoTags":["a:1"],"Layers":["l"]}])",
                      0644};
    tar.extra = {layer, manifest};
    put("image.tar", make(tar).value());
    const std::string plain = (path / "image.tar").native();
    for (const std::string command : {"", "gzip", "xz -0", "zstd -q"}) {
      CAPTURE(command);
      std::string file = plain;
      if (!command.empty()) {
        file += ".packed";
        const std::string line = command + " -c < " + plain + " > " + file + " 2>/dev/null";
        if (std::system(line.c_str()) != 0) continue;
      }
      const auto images = run_task(loop, read_archive_info(file));
      REQUIRE_MESSAGE(images.has_value(), images.error());
      CHECK((*images)[0].tags == std::vector<std::string>{"a:1"});
    }
  }

  TEST_CASE_FIXTURE(Folder, "garbage, a cut archive, one without a manifest, and no file at all") {
    put("garbage", std::string(100000, 'g'));
    put("empty", "");
    ContextTar tar;
    TarEntry other{"other", std::string(5000, 'o'), 0644};
    tar.extra.push_back(other);
    const std::string whole = make(tar).value();
    put("other.tar", whole);
    put("cut.tar", whole.substr(0, 3000));
    for (const char* name : {"garbage", "empty", "other.tar", "cut.tar"}) {
      CAPTURE(name);
      const auto read = run_task(loop, read_archive_info((path / name).native()));
      REQUIRE(read.has_error());
      CHECK(read.error().status == Status::config);
    }
    CHECK(run_task(loop, read_archive_info("/no/such/file")).error().status == Status::io);
  }
}
