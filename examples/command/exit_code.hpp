#pragma once

#include <cstdint>
#include <string>

namespace command {

/// Exit codes that stand for no status of the library.
constexpr int exit_usage = 2;
constexpr int exit_pending = 3;        ///< plan --exit-code: changes are pending
constexpr int exit_refused = 64;       ///< hostfile doctor: a launcher refuses the file
constexpr int exit_misread = 65;       ///< hostfile doctor: a launcher takes it for something else
constexpr int exit_no_input = 66;      ///< a file given on the command line cannot be read
constexpr int exit_cannot_write = 74;  ///< a file given on the command line cannot be written

/// The exit code of a `dtenv_status`: the one place that decides it.
int exit_code_of(std::int32_t status);

/// The table, for --help.
std::string exit_code_text();

}  // namespace command
