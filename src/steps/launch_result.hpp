#pragma once

#include <optional>
#include <string>
#include <vector>

#include "steps/launch.hpp"
#include "steps/launch_order.hpp"

namespace dtenv {

/// How one rank ended, as its keeper wrote it down on its node.
struct RankEnd {
  std::string host;
  int rank = 0;
  int code = 0;  ///< 128 + signal where one ended it
  double when_s = 0;
  bool oom = false;
};
/// "RANK CODE EPOCH OOM" lines of one node.
std::vector<RankEnd> parse_rank_ends(std::string_view text, const std::string& host);

/// What the run came to: one cause, where it was first, and what followed from it.
struct LaunchResult {
  /// OK, PROGRAM_EXIT, PROGRAM_SIGNAL; LAUNCHER_EXIT, LAUNCHER_SIGNAL where no rank failed.
  std::string type = "OK";
  int code = 0;    ///< of an EXIT
  int signal = 0;  ///< of a SIGNAL
  bool oom = false;
  std::string host;
  std::optional<int> rank;
  std::vector<RankEnd> ranks;  ///< as far as the engine lets us know
};

/// `codes`: of what was begun, by node. `said`: the end of what the launcher itself printed.
LaunchResult launch_result(const LaunchOrder& order, const std::vector<int>& codes,
                           std::vector<RankEnd> ranks, const std::string& said);

/// Of a run whose own end is not known: DEADLINE, CANCELLED, RUN_LOST (its container or its keeper
/// was killed), TRANSPORT_LOST (it may go on).
std::string_view unknown_end(Status status);

/// One JSON object on one line: of the event, and of result.json.
std::string result_text(const LaunchResult& result);

/// COMMAND with the result in its first detail; known texts in `said` are explained.
Error result_error(const Launch::Config& config, const LaunchResult& result,
                   const std::string& said);

}  // namespace dtenv
