#pragma once

#include "options.hpp"

namespace command {

/// `plan`, `apply`, `verify` and `destroy`: gives the exit code.
int run_job(const Options& options);

}  // namespace command
