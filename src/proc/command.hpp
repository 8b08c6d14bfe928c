#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace dtenv {

/// A program to run somewhere: an argv, never a shell string.
struct Command {
  Argv argv;
  Environ env;            ///< added to the machine's own minimal environment (LC_ALL=C.UTF-8)
  std::string directory;  ///< empty: the home of the user, or /
  std::string input;      ///< its whole standard input
  /// In a container: the input stays open behind `input`, so that its end tells the program that we
  /// are gone. Elsewhere it ends at once.
  bool hold_input = false;
  /// A constant program of ours for sh (argv: sh, -c, TEXT, dtenv, words), at its end within a
  /// moment: a transport may run it in a shell it has there already, which saves two programs'
  /// starts. A cancel lets it come to its end.
  bool brief = false;
  std::string perl;  ///< the same brief program for a transport that has a perl there already
  Duration timeout = std::chrono::seconds(60);
  std::size_t output_limit = std::size_t{16} << 20;  ///< of each stream; more is cut and said
};

enum class Stream { out, err };

/// Bytes as they come, in order per stream. Called on the loop thread.
using OutputSink = std::function<void(Stream, std::string_view)>;

/// How it ended. With a sink given, `out` and `err` hold only the last 64 KiB of each.
struct Outcome {
  int exit_code = 0;  ///< 0–255; 128 + signal where a signal ended it
  int signal = 0;     ///< 0: it exited by itself
  std::string out;
  std::string err;
  bool truncated = false;

  bool ok() const { return exit_code == 0 && signal == 0; }
};

/// COMMAND: "docker info: exit 1: last line of stderr" for an outcome that is not ok.
Error command_error(const Command& command, const Outcome& outcome);

}  // namespace dtenv
