#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace command {

/// One line of the session's event stream.
struct Event {
  std::string type;  ///< "step.started", "progress", "output", …
  std::string job;
  std::string host;
  std::string step;
  std::string text;
  std::string source;  ///< output: the program or the rank that said it
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

/// How a line is meant, for its colour.
enum class Tone { plain, good, changed, warning, bad };

/// The event's tone: bad for a failure, changed for a change made.
Tone tone_of(const Event& event);

/// True for what is worth a line of its own; progress and a build's output are not.
bool is_milestone(const Event& event);

/// `node-1  docker_config  text (41%)`: one line for people, without control characters.
std::string event_line(const Event& event);

/// The text with control characters (a terminal would obey them) replaced, and only what follows
/// the last carriage return: what a terminal would have shown.
std::string printable(std::string_view text);

}  // namespace command
