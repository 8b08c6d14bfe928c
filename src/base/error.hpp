#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/status.hpp"

namespace dtenv {

/// One thing wrong at one place of a text: what, where, and what to do about it.
struct Problem {
  std::string pointer;  ///< JSON pointer, or empty
  int line = 0;         ///< from 1; 0: not known
  int column = 0;       ///< from 1, in bytes; 0: not known
  std::string problem;
  std::string hint;  ///< what to do; may be empty
};

/// Why something did not happen. The message is one line and says what was attempted on what.
struct Error {
  Status status = Status::internal;
  std::string message;
  std::string host;  ///< the machine, where there is one (filled by the engine)
  std::string step;  ///< the step's kind, where there is one (filled by the engine)
  std::vector<Problem> detail;

  Error() = default;
  Error(Status status_, std::string message_) : status(status_), message(std::move(message_)) {}
  Error(Status status_, std::string message_, std::vector<Problem> detail_)
      : status(status_), message(std::move(message_)), detail(std::move(detail_)) {}
};

/// `CONFIG: message (line 3, column 7: problem)`: for tests and plain logs.
std::ostream& operator<<(std::ostream& out, const Error& error);
std::ostream& operator<<(std::ostream& out, Status status);

/// An error from errno: "PATH: open: No space left on device".
Error io_error(std::string_view what, int errnum);

}  // namespace dtenv
