#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <optional>
#include <system_error>
#include <vector>

#include "base/deadline.hpp"
#include "proc/capture.hpp"
#include "proc/child.hpp"
#include "proc/environment.hpp"

namespace dtenv {

namespace {

using asio::posix::stream_descriptor;

/// How long output is still taken after the program ended, where something it left behind holds the
/// pipe open: for ever would be its right.
constexpr Duration drain_time = std::chrono::milliseconds(250);

/// How long a killed program may take to be gone.
constexpr Duration kill_patience = std::chrono::seconds(1);

struct Running {
  std::optional<Process> process;
  stream_descriptor out;
  stream_descriptor err;

  /// Left while it runs (a cancel): stopped in the background.
  ~Running() {
    if (process) stop_detached(*std::move(process), child_grace);
  }
};

Task<void> pump(stream_descriptor& from, Stream stream, Capture& capture) {
  std::vector<char> buffer(std::size_t{64} << 10);
  for (;;) {
    auto [failed, count] =
        co_await from.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (count > 0) capture.add(stream, {buffer.data(), count});
    if (failed) co_return;
  }
}

Task<void> end_and_drain(Process& process) {
  co_await process.exited();
  co_await pause(drain_time);
}

Task<void> exchange(Running& running, Capture& capture) {
  using namespace asio::experimental::awaitable_operators;
  co_await ((pump(running.out, Stream::out, capture) && pump(running.err, Stream::err, capture)) ||
            end_and_drain(*running.process));
  co_await running.process->exited();
}

Outcome not_started(const Spawned& spawned) {
  Outcome outcome;
  outcome.exit_code = exec_exit_code(spawned.exec_errno);
  outcome.err = visible(spawned.exec_what) + ": " +
                std::generic_category().message(spawned.exec_errno) + "\n";
  return outcome;
}

}  // namespace

Task<Result<Outcome>> run_child(const Command& command, OutputSink sink) {
  using namespace asio::experimental::awaitable_operators;
  auto executor = co_await asio::this_coro::executor;
  DT_CO_TRY_ASSIGN(UniqueFd input, make_input(command.input));
  DT_CO_TRY_ASSIGN(Pipe out, make_pipe());
  DT_CO_TRY_ASSIGN(Pipe err, make_pipe());
  SpawnRequest request;
  request.argv = command.argv;
  request.env = merge_environment(child_environment(false), command.env);
  request.directory = command.directory.empty() ? home_folder() : command.directory;
  request.in = input.get();
  request.out = out.write.get();
  request.err = err.write.get();
  DT_CO_TRY_ASSIGN(Spawned spawned, spawn(request));
  if (spawned.exec_errno != 0) co_return not_started(spawned);
  input.reset();
  out.write.reset();
  err.write.reset();

  Running running{std::nullopt, stream_descriptor(executor, out.read.release()),
                  stream_descriptor(executor, err.read.release())};
  running.process.emplace(executor, std::move(spawned));
  Capture capture(command, std::move(sink));
  auto first = co_await (exchange(running, capture) || pause(command.timeout));
  if (first.index() == 1) {
    // One that hangs in the kernel outlives SIGKILL: it is left to whoever is there when it ends.
    auto stopped =
        co_await (running.process->stop(child_grace) || pause(child_grace + kill_patience));
    if (stopped.index() == 0) running.process.reset();
    co_return Error{Status::timeout, visible(show_argv(command.argv), 120) + ": no end after " +
                                         show_duration(command.timeout)};
  }
  DT_CO_TRY_ASSIGN(const ExitStatus ended, co_await running.process->wait());
  running.process.reset();
  co_return capture.finish(ended.exit_code, ended.signal);
}

}  // namespace dtenv
