#pragma once

#include <string>
#include <vector>

#include "base/text.hpp"
#include "host/remote_agent.hpp"
#include "host/remote_frames.hpp"
#include "host/remote_program.hpp"
#include "proc/child.hpp"
#include "support/loop.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {

/// The far programs as this machine's shells and its perl run them.
inline const std::vector<Argv> far_ends = {{"dash", "-c", std::string(remote_program)},
                                           {"bash", "--posix", "-c", std::string(remote_program)},
                                           {"busybox", "sh", "-c", std::string(remote_program)},
                                           {"perl", "-e", remote_agent_word()}};

/// Requests one behind the other, sent at once, and their answers.
struct Conversation {
  static constexpr const char* nonce = "0123456789abcdef0123456789abcdef";

  explicit Conversation(Argv far) { outer.argv = std::move(far); }

  void ask(const Command& command, int program = 0, bool is_known = false, bool has_agent = false) {
    const ChannelState state{last, 0, program, is_known};
    next();
    const std::string text = is_brief(command) ? brief_text(command, has_agent) : "";
    outer.input += *remote_request(command, last, state, text);
  }
  void define(const Command& command, int program, const std::string& text = {}) {
    const ChannelState state{last, 0, program, false};
    next();
    outer.input += remote_definition(last, state, text.empty() ? command.argv[2] : text);
  }
  void hello() {
    const std::string before = last.empty() ? "" : "\n" + last + "\n";
    next();
    outer.input += before + remote_hello(last);
  }
  /// False where that far end is not here.
  bool take(const Environ& env = {}) {
    asio::io_context loop;
    outer.env = env;
    const auto said = run_on(loop, run_child(outer));
    REQUIRE(said);
    if (said->exit_code == 127) return false;
    CHECK(said->exit_code == 0);
    out = said->out;
    for (const std::string_view line : split_lines(said->err))
      if (!starts_with(line, nonce)) words.emplace_back(line);
    return true;
  }
  /// "STATUS: OUTPUT" of the next one.
  std::string answer(int number) {
    const std::string mine = nonce + std::to_string(number + 1);
    const Command all;
    Capture capture(all, {});
    RemoteFrame frame(mine, Stream::out, number == 0);
    const std::size_t begin =
        number == 0 ? 0 : out.find('\n', out.find(nonce + std::to_string(number) + "E")) + 1;
    const std::size_t end = out.find('\n', out.find(mine + "E")) + 1;
    frame.feed(out.substr(begin, end - begin), capture);
    CHECK(frame.ended());
    return std::to_string(frame.status()) + ": " + capture.finish(0, 0).out;
  }

  Command outer;
  std::string out;
  Argv words;  // on stderr
  std::string last;
  int count = 0;

 private:
  void next() { last = nonce + std::to_string(++count); }
};

}  // namespace dtenv
