#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/filesystem/operations.hpp>
#include <fstream>
#include <iterator>

#include "base/digest.hpp"
#include "fake_engine.hpp"
#include "net/download.hpp"
#include "net_testing.hpp"

using namespace dtenv;
namespace fs = boost::filesystem;

namespace {

/// A web server on loopback that gives one scripted reply after the other, the last one for ever.
class WebServer {
 public:
  explicit WebServer(asio::io_context& loop)
      : acceptor_(loop, {asio::ip::make_address("127.0.0.1"), 0}) {
    asio::co_spawn(loop, accept(), asio::detached);
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  std::vector<std::string> replies;
  int asked = 0;

 private:
  Task<void> accept() {
    while (true) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
    }
  }
  Task<void> serve(asio::ip::tcp::socket socket) {
    std::string head;
    while (!contains(head, "\r\n\r\n")) {
      char piece[4096];
      const auto [error, count] =
          co_await socket.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      head.append(piece, count);
      if (head[0] == 0x16) break;  // TLS, which is not spoken here
    }
    const auto number = std::min(static_cast<std::size_t>(asked++), replies.size() - 1);
    const std::string reply = replies[number];
    co_await asio::async_write(socket, asio::buffer(reply), asio::as_tuple(asio::use_awaitable));
  }

  asio::ip::tcp::acceptor acceptor_;
};

struct Fixture {
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  WebServer server{loop};
  fs::path folder = fs::temp_directory_path() / ("dtenv-get-" + hex(random_bytes(4)));
  std::string content = std::string(700000, 'c');

  Fixture() { fs::create_directories(folder); }
  ~Fixture() {
    boost::system::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Download pinned(const std::string& url) const {
    Download download;
    download.url = url;
    download.path = (folder / "file").native();
    download.sha256 = sha256(content);
    download.size = content.size();
    return download;
  }
  std::string whole() const { return FakeEngine::text(200, content, "x/y"); }
  Result<Downloaded> get(Download download) {
    return run_task(loop, download_file(curl, std::move(download)));
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
};

}  // namespace

TEST_SUITE("download_file") {
  TEST_CASE_FIXTURE(Fixture, "what is as pinned appears under its name") {
    server.replies = {whole()};
    std::uint64_t seen = 0;
    Download download = pinned(server.url("/f"));
    download.progress = [&](std::uint64_t done, std::uint64_t) { seen = done; };
    const auto done = get(download);
    REQUIRE_MESSAGE(done.has_value(), done.error());
    CHECK(done->size == content.size());
    CHECK(done->sha256 == sha256(content));
    CHECK(seen == content.size());
    std::ifstream file((folder / "file").native(), std::ios::binary);
    CHECK((std::string{std::istreambuf_iterator<char>(file), {}} == content));
    CHECK(files() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "a flipped bit, a byte less and a byte more leave nothing behind") {
    std::string flipped = content;
    flipped[1000] = 'd';
    server.replies = {FakeEngine::text(200, flipped, "x/y")};
    CHECK(get(pinned(server.url("/f"))).error().status == Status::verify);
    server.replies = {FakeEngine::text(200, content.substr(1), "x/y")};
    CHECK(get(pinned(server.url("/f"))).error().status == Status::verify);
    server.replies = {FakeEngine::text(200, content + "x", "x/y")};
    CHECK(get(pinned(server.url("/f"))).has_error());
    // Without a length a cut reply looks whole: size and digest tell.
    server.replies = {FakeEngine::head(200, "Connection: close\r\n") + content.substr(0, 500000)};
    CHECK(get(pinned(server.url("/f"))).error().status == Status::verify);
    CHECK(files() == 0);
  }

  TEST_CASE_FIXTURE(Fixture, "429, 500 and a cut reply are tried again; 404 and a loop are final") {
    server.replies = {FakeEngine::text(429, "slow down", "x/y").insert(14, "\r\nRetry-After: 0"),
                      FakeEngine::text(500, "", "x/y").insert(14, "\r\nRetry-After: 0"), whole()};
    CHECK(get(pinned(server.url("/f"))).has_value());
    CHECK(server.asked == 3);
    server.asked = 0;
    server.replies = {whole().substr(0, 1000), whole()};
    CHECK(get(pinned(server.url("/f"))).has_value());
    CHECK(server.asked == 2);
    server.asked = 0;
    server.replies = {FakeEngine::text(404, "no", "x/y")};
    CHECK(get(pinned(server.url("/f"))).error().status == Status::not_found);
    CHECK(server.asked == 1);
    server.replies = {FakeEngine::head(302, "Location: /f\r\nContent-Length: 0\r\n")};
    CHECK(contains(get(pinned(server.url("/f"))).error().message, "too many redirects"));
  }

  TEST_CASE_FIXTURE(Fixture, "a redirect to a file is not followed") {
    server.replies = {
        FakeEngine::head(302, "Location: file:///etc/passwd\r\nContent-Length: 0\r\n")};
    Download download = pinned(server.url("/f"));
    download.tries = 1;
    CHECK(get(download).error().status == Status::config);
  }

  TEST_CASE_FIXTURE(Fixture, "nothing is fetched without pins, or over http without a digest") {
    server.replies = {whole()};
    Download download = pinned(server.url("/f"));
    download.sha256.clear();
    CHECK(get(download).error().status == Status::config);
    download.unpinned = true;
    CHECK(get(download).error().status == Status::config);
    download = pinned(server.url("/f"));
    download.size.reset();
    CHECK(get(download).error().status == Status::config);
    download.url = "ftp://127.0.0.1/f";
    CHECK(get(download).error().status == Status::config);
    CHECK(server.asked == 0);
  }

  TEST_CASE_FIXTURE(Fixture, "file:// is copied and checked the same way") {
    std::ofstream((folder / "source").native(), std::ios::binary) << content;
    CHECK(get(pinned("file://" + (folder / "source").native())).has_value());
    std::ofstream((folder / "source").native(), std::ios::binary) << content << "x";
    CHECK(get(pinned("file://" + (folder / "source").native())).error().status == Status::verify);
  }

  TEST_CASE_FIXTURE(Fixture, "a full disk is an error in the disk's words") {
    server.replies = {whole()};
    Download download = pinned(server.url("/f"));
    download.path = "/no/such/folder/file";
    CHECK(contains(get(download).error().message, "No such file"));
  }
}

TEST_SUITE("fetch") {
  TEST_CASE_FIXTURE(Fixture, "plain http is refused, a server without TLS is IO") {
    server.replies = {whole()};
    CHECK(run_task(loop, fetch(curl, server.url("/key"), 100)).error().status == Status::config);
    const std::string url = "https" + server.url("/key").substr(4);
    CHECK(run_task(loop, fetch(curl, url, 100)).error().status == Status::io);
  }

  TEST_CASE_FIXTURE(Fixture, "a file of this machine is read whole, up to the limit") {
    const std::string path = (folder / "key").native();
    std::ofstream(path) << "a key";
    CHECK(run_task(loop, fetch(curl, "file://" + path, 100)).value() == "a key");
    CHECK(run_task(loop, fetch(curl, "file://" + path, 4)).error().status == Status::io);
    CHECK_FALSE(run_task(loop, fetch(curl, "file://" + path + ".gone", 100)).has_value());
  }
}
