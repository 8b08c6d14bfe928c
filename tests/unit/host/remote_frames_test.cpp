#include "host/remote_frames.hpp"

#include <unistd.h>

#include "support/conversation.hpp"

namespace dtenv {
namespace {

const std::string nonce = Conversation::nonce;

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

  TEST_CASE_FIXTURE(Frame,
                    "after a channel's first answer all is output, and the number may be late") {
    frame = RemoteFrame(nonce, Stream::out, false);
    feed(std::string("out") + nonce + "S77\nput" + nonce + "E0\n");
    CHECK(frame.ended());
    CHECK(frame.pid() == 77);
    CHECK(!frame.has_agent());
    CHECK(out() == "output");
  }

  TEST_CASE_FIXTURE(Frame, "an agent says so at first") {
    feed(std::string("noise") + nonce + "P\n");
    CHECK(frame.started());
    CHECK(frame.has_agent());
    CHECK(frame.pid() == 0);
  }

  TEST_CASE("the far programs fit between single quotes of any shell") {
    CHECK(remote_program.find_first_of("'\n!") == std::string_view::npos);
    CHECK(!contains(remote_program, "\\\\"));
    CHECK(remote_agent.find_first_of("'!#\t") == remote_agent.find("#perl"));
    CHECK(!contains(remote_agent, "\\\\"));
  }

  TEST_CASE("the far program does its work in every shell at hand, and in perl") {
    for (const Argv& far : far_ends) {
      Conversation talk(far);
      Command inner;
      inner.argv = {"printf", "%s|", "a\nb", "\x81\xff'\"$x"};
      inner.input = "left unread";
      inner.directory = "/";
      talk.ask(inner);
      inner.argv = {"cat"};
      inner.env = {{"A", "b"}};
      talk.ask(inner);
      inner.argv = {"sh", "-c", "printf '%s' \"$A$LC_ALL\"; cd / && pwd; echo wrong >&2; exit 7"};
      inner.input.clear();
      talk.ask(inner);
      inner.argv = {"no-such-program"};
      inner.env.clear();
      talk.ask(inner);
      inner.argv = {"true"};
      inner.directory = "/no/such/folder";
      talk.ask(inner);
      if (!talk.take()) continue;
      CHECK(talk.answer(0) == "0: a\nb|\x81\xff'\"$x|");
      CHECK(talk.answer(1) == "0: left unread");
      CHECK(talk.answer(2) == "7: bC.UTF-8/\n");
      CHECK(talk.answer(3) == "127: ");
      CHECK(talk.answer(4) == "127: ");
      CHECK(talk.words == Argv{"wrong", "no-such-program: not found",
                               "/no/such/folder: No such file or directory"});
    }
  }

  TEST_CASE("a far program says who it is, before and behind sudo") {
    for (const Argv& far : far_ends) {
      Conversation talk(far);
      talk.hello();
      talk.hello();
      if (!talk.take({{"SUDO_UID", "4711"}})) continue;
      const std::string user = "0: " + std::to_string(::geteuid());
      CHECK(talk.answer(0) == user + " 4711\n");
      CHECK(talk.answer(1) == user + " 4711\n");
    }
  }

  TEST_CASE("a brief program is kept, runs in a shell that is there, and need not read its input") {
    for (const Argv& far : far_ends) {
      Command reads;
      reads.brief = true;
      reads.argv = {"sh", "-c", "x=$(head -c 9); printf '%s|%s' \"$x\" \"$1\"; exit 3", "dtenv",
                    "it's\ntwo"};
      reads.input = "$(exit)\n'";
      Command leaves = reads;
      leaves.argv[2] = "printf '%s' left";
      Command tells = reads;
      tells.argv = {"sh", "-c", "printf '%s' \"$1\"", "dtenv", "no input"};
      tells.input.clear();
      Conversation talk(far);
      talk.define(reads, 1);
      talk.ask(reads, 1, true);
      talk.define(leaves, 2);
      talk.ask(leaves, 2, true);
      talk.ask(reads, 1, true);
      talk.ask(tells, 3, false);
      talk.ask(tells, 3, true);
      if (!talk.take()) continue;
      CHECK(talk.answer(0) == "0: ");
      CHECK(talk.answer(1) == "3: $(exit)\n'|it's\ntwo");
      CHECK(talk.answer(3) == "0: left");
      CHECK(talk.answer(4) == talk.answer(1));
      CHECK(talk.answer(5) == "0: no input");
      CHECK(talk.answer(6) == "0: no input");
    }
  }

  TEST_CASE("perl runs a function of ours itself") {
    Command calls;
    calls.brief = true;
    calls.argv = {"sh", "-c", "exit 9", "dtenv", "one", "two\nlines"};
    calls.perl =
        "#perl\numask 0; $O = \"$I|$_[0]|$_[1]|$$\"; F(81, \"a reason\") if $I eq \"no\"; 7";
    calls.input = std::string("in\0put", 6);
    Conversation talk(far_ends.back());
    talk.hello();
    talk.ask(calls, 1, false, true);  // its text and its input at once
    calls.input = "no";
    talk.ask(calls, 1, true);
    Command broken = calls;
    broken.perl = "#perl\n)";
    talk.define(broken, 2, broken.perl);
    talk.ask(broken, 2, true);
    Command mask;
    mask.argv = {"sh", "-c", "umask; echo $PPID"};
    talk.ask(mask);
    if (!talk.take()) return;
    const std::string masked = talk.answer(5);
    const auto last = split_lines(masked);
    REQUIRE(last.size() == 2);
    CHECK(last[0] != "0: 0000");
    const std::string perl(last[1]);
    CHECK(talk.answer(1) == "7: in" + std::string("\0put", 4) + "|one|two\nlines|" + perl);
    CHECK(talk.answer(2) == "81: no|one|two\nlines|" + perl);
    CHECK(starts_with(talk.answer(4), "255: "));
    REQUIRE(talk.words.size() >= 2);
    CHECK(talk.words[0] == "a reason");
    CHECK(contains(talk.words[1], "syntax error"));
  }
}

}  // namespace
}  // namespace dtenv
