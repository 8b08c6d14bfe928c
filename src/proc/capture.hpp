#pragma once

#include <string>
#include <string_view>

#include "proc/command.hpp"

namespace dtenv {

/// Keeps what a command says within its limits, and passes it on to the sink.
class Capture {
 public:
  Capture(const Command& command, OutputSink sink);

  void add(Stream stream, std::string_view bytes);
  /// The outcome with all that was kept. `signal` 0: it exited by itself.
  Outcome finish(int exit_code, int signal);
  std::string_view err() const { return err_; }

 private:
  std::size_t limit_;
  OutputSink sink_;
  std::string out_;
  std::string err_;
  bool truncated_ = false;
};

/// For machines that tell an exit status alone, as a shell does: 137 is 9, 1 is 0.
int signal_of_exit(int exit_code);

}  // namespace dtenv
