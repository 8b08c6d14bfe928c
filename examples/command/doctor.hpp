#pragma once

#include <string>
#include <vector>

#include "options.hpp"

namespace command {

/// A place in the file, and what a launcher makes of it.
struct Finding {
  std::size_t line = 0;  ///< from 1; 0: the file as a whole
  std::size_t column = 0;
  std::string problem;
  std::string hint;
};

/// One launcher's verdict, as hostfile.doctor gives it.
struct Verdict {
  std::string engine;
  std::string kind;  ///< "ok", "misread" or "refused"
  std::string hosts;
  std::string slots;
  std::vector<Finding> findings;
  std::string rewritten;
  std::string lost;
};

/// `dtenv hostfile doctor FILE`: each launcher's verdict with line, column, caret and what to do.
/// 0 where the launchers asked for (else: one of them) read the file as it is written, 65 where one
/// takes it for something else, 64 where one refuses it.
int run_doctor(const Options& options);

}  // namespace command
