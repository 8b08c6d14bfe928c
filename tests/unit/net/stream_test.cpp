#include <doctest/doctest.h>

#include <array>

#include "net/archive_info.hpp"
#include "net/docker_errors.hpp"
#include "net/hijack.hpp"
#include "net/ndjson.hpp"
#include "net/stream_demux.hpp"

using namespace dtenv;

namespace {

std::string frame(char kind, const std::string& payload) {
  std::string bytes{kind, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(payload.size() >> shift & 0xFF);
  return bytes + payload;
}

struct Collected {
  std::string out, err;
  OutputSink sink() {
    return [this](Stream stream, std::string_view bytes) {
      (stream == Stream::err ? err : out) += bytes;
    };
  }
};

}  // namespace

TEST_SUITE("StreamDemux") {
  TEST_CASE("takes frames apart wherever they are split") {
    const std::string bytes = frame(1, "hello ") + frame(2, "oops") + frame(1, "") +
                              frame(0, "typed ") + frame(1, "world");
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
      Collected seen;
      StreamDemux demux(seen.sink());
      for (std::size_t at = 0; at < bytes.size(); at += size)
        REQUIRE(demux.feed(std::string_view(bytes).substr(at, size)).has_value());
      CHECK(demux.finish().has_value());
      CHECK(seen.out == "hello typed world");
      CHECK(seen.err == "oops");
    }
  }

  TEST_CASE("an end within a header or a payload is an error") {
    const std::string bytes = frame(1, "abc");
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      Collected seen;
      StreamDemux demux(seen.sink());
      REQUIRE(demux.feed(std::string_view(bytes).substr(0, cut)).has_value());
      CHECK(demux.finish().has_error());
    }
  }

  TEST_CASE("a frame of type 3 is the daemon's failure") {
    Collected seen;
    StreamDemux demux(seen.sink());
    const auto fed = demux.feed(frame(3, "log driver broke"));
    REQUIRE(fed.has_error());
    CHECK(fed.error().status == Status::command);
    CHECK(fed.error().message == "error from daemon in stream: log driver broke");
  }

  TEST_CASE("an unknown type is an error, non-zero padding is not") {
    Collected seen;
    CHECK(StreamDemux(seen.sink()).feed(frame(4, "x")).error().message == "unrecognized stream: 4");
    std::string padded = frame(1, "x");
    padded[2] = 7;
    CHECK(StreamDemux(seen.sink()).feed(padded).has_value());
    CHECK(seen.out == "x");
  }
}

TEST_SUITE("LineSplitter") {
  TEST_CASE("finds lines wherever pieces end, several in one piece") {
    const std::string bytes = "one\ntwo\r\n\n  \nthree";
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
      std::vector<std::string> lines;
      LineSplitter splitter([&](std::string_view line) {
        lines.emplace_back(line);
        return Result<void>{};
      });
      for (std::size_t at = 0; at < bytes.size(); at += size)
        REQUIRE(splitter.feed(std::string_view(bytes).substr(at, size)).has_value());
      REQUIRE(splitter.finish().has_value());
      CHECK(lines == std::vector<std::string>{"one", "two\r", "three"});
    }
  }

  TEST_CASE("a line above the limit is an error before it is held") {
    LineSplitter splitter([](std::string_view) { return Result<void>{}; }, 8);
    CHECK(splitter.feed("12345678\n1234").has_value());
    CHECK(splitter.feed("56789").has_error());
  }
}

TEST_SUITE("The engine's errors") {
  TEST_CASE("known words have a code and a status of their own") {
    struct Case {
      int http;
      std::string_view words;
      Status status;
      std::string_view code;
    };
    const Case cases[] = {
        {404, "No such container: zz", Status::not_found, "no_such"},
        {409,
         "Conflict. The container name \"/c1\" is already in use by container \"ab\". You have to "
         "remove (or rename) that container to be able to reuse that name.",
         Status::state, "name_conflict"},
        {409, "Container 12ab is not running", Status::state, "not_running"},
        {409, "cannot remove container \"c1\": container is running: stop the container before",
         Status::state, "is_running"},
        {400, "No command specified", Status::config, ""},
        {400, "client version 1.99 is too new. Maximum supported API version is 1.41",
         Status::version, "api_version"},
        {500, "driver failed: Bind for 0.0.0.0:80 failed: port is already allocated", Status::state,
         "port_conflict"},
        {500, "could not select device driver \"\" with capabilities: [[gpu]]", Status::command,
         "gpu_no_driver"},
        {400, "Unknown runtime specified nvidia", Status::config, "runtime_unknown"},
        {404, "manifest for x:y not found: manifest unknown: manifest unknown", Status::not_found,
         "not_found"},
        {500, "toomanyrequests: You have reached your pull rate limit", Status::command,
         "rate_limit"},
        {501, "not here", Status::unsupported, ""},
        {503, "later", Status::command, ""},
    };
    for (const auto& known : cases) {
      const Error error = engine_error(
          known.http, "{\"message\":\"" + replace_all(known.words, "\"", "\\\"") + "\"}\n",
          "POST /x");
      CAPTURE(known.words);
      CHECK(error.status == known.status);
      CHECK(engine_code(error) == known.code);
      CHECK(error.message == "POST /x: " + std::string(known.words));
    }
  }

  TEST_CASE("a body that is no JSON speaks for itself, an empty one is told by its number") {
    CHECK(engine_error(400, "Bad thing\n", "GET /x").message == "GET /x: Bad thing");
    CHECK(engine_error(502, "", "GET /x").message == "GET /x: HTTP 502 without a word");
  }
}

TEST_SUITE("A hijack's head") {
  TEST_CASE("is read for status, length and chunking") {
    const auto head = parse_reply_head(
        "HTTP/1.1 409 Conflict\r\nContent-Length: 12\r\nTRANSFER-Encoding:  chunked\r\n");
    REQUIRE(head.has_value());
    CHECK(head->status == 409);
    CHECK(head->content_length == 12);
    CHECK(head->chunked);
  }

  TEST_CASE("garbage is an error") {
    for (const std::string_view text : {"", "HTTP/1.1\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 9x9 a\r\n"})
      CHECK(parse_reply_head(text).has_error());
  }
}

TEST_SUITE("An image archive's manifest") {
  TEST_CASE("tells ids and tags of old and new layouts") {
    const std::string id(64, 'a');
    const auto images = parse_archive_manifest(
        R"([{"Config":")" + id + R"(.json","RepoTags":["a:1","b:2"],"Layers":["x/layer.tar"]},)" +
        R"({"Config":"blobs/sha256/)" + id + R"(","RepoTags":null,"Layers":[]}])");
    REQUIRE(images.has_value());
    REQUIRE(images->size() == 2);
    CHECK((*images)[0].id == "sha256:" + id);
    CHECK((*images)[0].tags == std::vector<std::string>{"a:1", "b:2"});
    CHECK((*images)[0].layers == 1);
    CHECK((*images)[1].id == "sha256:" + id);
    CHECK((*images)[1].tags.empty());
  }

  TEST_CASE("anything else is CONFIG") {
    for (const std::string_view text : {"", "{}", "[1]", "[{]"})
      CHECK(parse_archive_manifest(text).error().status == Status::config);
  }
}
