#pragma once

#include "options.hpp"

namespace command {

/// The commands that reach no machine: `validate`, `render`, `schema`, `eval`, `hostfile`,
/// `explain`,
/// `version`, `help`. Gives the exit code.
int run_helper(const Options& options);

}  // namespace command
