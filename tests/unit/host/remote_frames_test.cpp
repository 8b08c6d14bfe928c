#include "host/remote_frames.hpp"

#include "host/remote_program.hpp"
#include "proc/child.hpp"
#include "support/loop.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {
namespace {

constexpr const char* nonce = "0123456789abcdef0123456789abcdef";

struct Frame {
  Command command;
  Capture capture{command, {}};
  RemoteFrame frame{nonce, Stream::out};

  void feed(std::string_view bytes) { frame.feed(bytes, capture); }
  std::string out() { return capture.finish(0, 0).out; }
};

TEST_SUITE("RemoteFrame") {
  TEST_CASE_FIXTURE(Frame, "noise before the answer is dropped, and kept for ssh's sake") {
    feed("Welcome!\n0123 noise");
    CHECK(!frame.started());
    feed(std::string(nonce) + "S77\nhello\n" + nonce + "E3\n");
    CHECK(frame.ended());
    CHECK(frame.pid() == 77);
    CHECK(frame.status() == 3);
    CHECK(out() == "hello\n");
    CHECK(frame.noise() == "Welcome!\n0123 noise");
  }

  TEST_CASE_FIXTURE(Frame, "an answer may come in pieces of any size") {
    const std::string whole =
        std::string("noise") + nonce + "S1\n0123456789abcdefX01234" + nonce + "E0\nlate noise";
    for (const char c : whole) feed({&c, 1});
    CHECK(frame.ended());
    CHECK(out() == "0123456789abcdefX01234");
  }

  TEST_CASE_FIXTURE(Frame, "output that is not the marker's start is passed on at once") {
    feed(std::string(nonce) + "S1\nprompt> ");
    CHECK(capture.finish(0, 0).out == "prompt> ");
  }

  TEST_CASE_FIXTURE(Frame, "a refusal is an end without a start") {
    feed(std::string(nonce) + "R\n");
    CHECK(frame.refused());
    CHECK(frame.ended());
  }

  TEST_CASE("a request is one line, and NUL is refused") {
    Command command;
    command.argv = {"echo", "two\nlines", "it's"};
    const auto line = remote_request(command, nonce);
    REQUIRE(line);
    CHECK(line->find('\n') == line->size() - 1);
    command.argv.push_back(std::string("\0", 1));
    CHECK(remote_request(command, nonce).error().status == Status::invalid);
    command.argv.clear();
    CHECK(remote_request(command, nonce).error().status == Status::invalid);
  }

  TEST_CASE("the remote program fits between single quotes of any shell") {
    CHECK(remote_program.find_first_of("'\n!") == std::string_view::npos);
    CHECK(!contains(remote_program, "\\\\"));
  }

  TEST_CASE("the remote program does its work in every shell at hand") {
    for (const Argv& shell : {Argv{"dash"}, Argv{"bash", "--posix"}, Argv{"busybox", "sh"}}) {
      asio::io_context loop;
      Command inner;
      inner.argv = {"printf", "%s|", "a\nb", "\x81\xff'\"$x"};
      inner.input = "left unread";
      inner.directory = "/";
      Command outer;
      outer.argv = shell;
      outer.argv.insert(outer.argv.end(), {"-c", std::string(remote_program)});
      outer.input = *remote_request(inner, nonce);
      inner.argv = {"cat"};
      inner.env = {{"A", "b"}};
      outer.input += *remote_request(inner, std::string(nonce) + "2", {nonce});
      const auto said = run_on(loop, run_child(outer));
      REQUIRE(said);
      if (said->exit_code == 127) continue;
      Frame first;
      first.feed(said->out);
      CHECK(first.frame.status() == 0);
      CHECK(first.out() == "a\nb|\x81\xff'\"$x|");
      Frame second;
      second.frame = RemoteFrame(std::string(nonce) + "2", Stream::out);
      second.feed(said->out);
      CHECK(second.out() == "left unread");
    }
  }

  TEST_CASE("a brief program runs in that shell itself, and need not read its input") {
    for (const Argv& shell : {Argv{"dash"}, Argv{"bash", "--posix"}, Argv{"busybox", "sh"}}) {
      asio::io_context loop;
      Command reads;
      reads.brief = true;
      reads.argv = {"sh", "-c", "x=$(head -c 9); printf '%s|%s|%s' $$ \"$x\" \"$1\"; exit 3",
                    "dtenv", "it's\ntwo"};
      reads.input = "$(exit)\n'";
      Command leaves = reads;
      leaves.argv[2] = "printf '%s' $$";
      Command outer;
      outer.argv = shell;
      outer.argv.insert(outer.argv.end(), {"-c", std::string(remote_program)});
      const auto nonce_of = [](int number) { return nonce + std::to_string(number); };
      Command tells = reads;
      tells.argv = {"sh", "-c", "printf '%s' \"$1\"", "dtenv", "no input"};
      tells.input.clear();
      outer.input = remote_definition(reads, nonce_of(0), {"", 0, 1, false});
      outer.input += *remote_request(reads, nonce_of(1), {nonce_of(0), 0, 1, true});
      outer.input += remote_definition(leaves, nonce_of(2), {nonce_of(1), 0, 2, false});
      outer.input += *remote_request(leaves, nonce_of(3), {nonce_of(2), 0, 2, true});
      outer.input += *remote_request(reads, nonce_of(4), {nonce_of(3), 0, 1, true});
      outer.input += *remote_request(tells, nonce_of(5), {nonce_of(4), 0, 3, false});
      const auto said = run_on(loop, run_child(outer));
      REQUIRE(said);
      if (said->exit_code == 127) continue;
      std::vector<Frame> frames(6);
      for (int i = 0; i < 6; ++i) {
        auto& frame = frames[static_cast<std::size_t>(i)];
        frame.frame = RemoteFrame(nonce_of(i), Stream::out);
        frame.feed(said->out);
        CHECK(frame.frame.ended());
      }
      CHECK(frames[0].out() == "");
      CHECK(frames[1].frame.status() == 3);
      const std::string said_by_reads = frames[3].out() + "|$(exit)\n'|it's\ntwo";
      CHECK(frames[1].out() == said_by_reads);
      CHECK(frames[4].out() == said_by_reads);
      CHECK(frames[5].out() == "no input");
      CHECK(said->exit_code == 0);
    }
  }
}

}  // namespace
}  // namespace dtenv
