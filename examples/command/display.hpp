#pragma once

#include <iosfwd>
#include <memory>
#include <string_view>

#include "event.hpp"
#include "terminal.hpp"

namespace command {

/// Shows a job while it runs. Progress goes to stderr, a launched program's output to a stream of
/// its own: stdout, unless that is kept for JSON.
class Display {
 public:
  virtual ~Display() = default;
  virtual void show(const Event& event) = 0;
  /// A line of the launched program.
  virtual void output(std::string_view line) = 0;
  /// A line of the command itself, on stderr.
  virtual void note(std::string_view line, Tone tone) = 0;
  /// Called ten times a second while nothing else happens.
  virtual void tick() {}
  /// Leaves the terminal as it was found; nothing may be shown afterwards.
  virtual void finish() {}
};

/// Plain lines, never a carriage return: for logs, pipes and dumb terminals.
std::unique_ptr<Display> plain_display(const Terminal& terminal, std::ostream& output,
                                       bool verbose);

/// One line a machine, redrawn in place, with milestones scrolling by above.
std::unique_ptr<Display> live_display(const Terminal& terminal, std::ostream& output, bool verbose);

/// Shows only the launched program's output and the command's own notes.
std::unique_ptr<Display> quiet_display(std::ostream& output);

}  // namespace command
