#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dtenv {

/// A line of `mpirun --tag-output`: "[1,0]<stdout>:step 1 loss 0.5".
struct TaggedLine {
  int rank = 0;
  bool error = false;  ///< it came on stderr
  std::string text;
};

/// nullopt: not a rank's line, but the launcher's own.
std::optional<TaggedLine> parse_tagged_line(std::string_view line);

/// "[1,3]<failed>:137": how the keeper of a rank tells the head, and nobody else.
bool is_failure_mark(std::string_view line);

/// Which process Open MPI says failed first, from its closing message.
struct FirstFailure {
  std::optional<int> rank;
  std::optional<int> exit_code;
  std::string
      host;  ///< "mpirun noticed that process rank 1 with PID 0 on node V100-2 exited on signal 9"
  std::optional<int> signal;
};

std::optional<FirstFailure> parse_first_failure(std::string_view launcher_text);

}  // namespace dtenv
