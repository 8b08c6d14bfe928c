#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "proc/command.hpp"
#include "proc/process.hpp"

namespace dtenv {

/// How long a child may take between TERM and KILL.
constexpr Duration child_grace = std::chrono::seconds(1);

/// Runs a program of this machine to its end: argv on the child's PATH, a minimal environment, a
/// process group of its own. What cannot be started is an outcome, 127 or 126. On its timeout the
/// group is stopped before TIMEOUT is returned; on cancel in the background.
Task<Result<Outcome>> run_child(const Command& command, OutputSink sink = {});

/// A child that stays and is talked to: the far end of a conversation. Its input is a socket, so
/// that writing to one that is gone raises no SIGPIPE in the embedding process.
class Child {
 public:
  /// `env` is all of the child's environment. NOT_FOUND where the program cannot be run.
  static Result<Child> start(asio::any_io_executor executor, const Argv& argv, const Environ& env);

  /// Writes all of it.
  Task<Result<void>> write(std::string_view bytes);
  /// Writes some of it and says how much: exactly, even where a cancel comes next.
  Task<Result<std::size_t>> write_some(std::string_view bytes);
  void close_input();
  /// Some bytes, appended to `to`; false at the stream's end.
  Task<bool> read(Stream stream, std::string& to);
  Process& process() { return process_; }

 private:
  Child(Process process, asio::local::stream_protocol::socket input,
        asio::posix::stream_descriptor output, asio::posix::stream_descriptor errors);

  Process process_;
  asio::local::stream_protocol::socket input_;
  asio::posix::stream_descriptor output_;
  asio::posix::stream_descriptor errors_;
};

}  // namespace dtenv
