#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/digest.hpp"
#include "proc/child.hpp"
#include "steps/launch_programs.hpp"
#include "support/loop.hpp"
#include "unit/doctest_result.hpp"

namespace dtenv {

namespace files = std::filesystem;
using Clock = std::chrono::steady_clock;

/// One run on this machine, and all of its processes gone with it.
struct LocalRun {
  std::string job = hex(random_bytes(6));
  std::string folder = std::string(launch_folder) + "/" + job + ".1";

  LocalRun() = default;
  LocalRun(const LocalRun&) = delete;
  LocalRun& operator=(const LocalRun&) = delete;
  ~LocalRun() {
    stop();
    // A keeper at its last words may still write there.
    std::error_code busy;
    do files::remove_all(folder, busy);
    while (busy == std::errc::directory_not_empty);
  }

  static Outcome run(Argv argv, Environ env = {}) {
    asio::io_context loop;
    Command command;
    command.argv = std::move(argv);
    command.env = std::move(env);
    command.output_limit = std::size_t{64} << 20;
    auto done = run_on(loop, run_child(command));
    REQUIRE_MESSAGE(done.has_value(), done.error());
    return std::move(*done);
  }
  Outcome begin(const Argv& words, Environ env = {}) {
    Argv argv = {"sh", "-c", std::string(start_program), "dtenv", folder,
                 job,  "/",  std::string(stop_program),  "",      ""};
    argv.insert(argv.end(), words.begin(), words.end());
    env.emplace_back("DTENV_RUN", folder);
    return run(std::move(argv), std::move(env));
  }
  std::string stop() { return run({"sh", "-c", std::string(stop_program), "dtenv", job, "1"}).out; }
  std::string file(const std::string& name) const {
    std::ifstream in(folder + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool eventually(const std::string& name, int seconds = 20) const {
    const auto end = Clock::now() + std::chrono::seconds(seconds);
    while (file(name).empty() && Clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return !file(name).empty();
  }
  /// How many processes carry the job's mark, its keeper among them.
  std::size_t alive() const {
    const Outcome found = run({"sh", "-c",
                               "grep -lzxF -e \"DTENV_JOB=$1\" /proc/[0-9]*/environ "
                               "2>/dev/null; true",
                               "sh", job});
    return split_lines(found.out).size();
  }
};

inline Argv ranked(const std::string& mode, const std::string& logs, const Argv& words) {
  Argv argv = {"sh", "-c", std::string(keep_rank_program), "dtenv-rank", mode, logs};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

inline bool skipped() {
  if (::geteuid() == 0) return false;
  MESSAGE("skipped: /run/dtenv needs root");
  return true;
}

}  // namespace dtenv
