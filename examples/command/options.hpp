#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace command {

/// What the command line asks for.
struct Options {
  std::string verb;
  std::string operand;  ///< the environment, the file or the function's name; `doctor`
  std::string file;     ///< hostfile doctor: the hostfile
  bool help = false;
  bool json = false;     ///< one JSON document on stdout instead of text
  bool quiet = false;    ///< no progress
  bool verbose = false;  ///< every line of a build's output too
  bool no_color = false;
  bool yes = false;        ///< do not ask before applying
  bool exit_code = false;  ///< plan: 3 when changes are pending
  std::string plan;        ///< an approved plan to keep to
  std::string out_plan;
  std::string report;
  std::string log;                   ///< where the launch's output goes
  int max_parallel = 0;              ///< 0: the library's default
  int grace_seconds = 10;            ///< between the first cancel and the hard one
  std::vector<std::string> engines;  ///< hostfile doctor: whose verdict; empty: everyone's
  std::vector<std::pair<std::string, std::string>> secrets;  ///< name, source
};

/// The command line makes no sense; the message says why.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads argv after the program's name. Throws UsageError.
Options parse_options(const std::vector<std::string>& words);

/// The help of one subcommand, or of the command where `verb` is empty or unknown.
std::string help_text(std::string_view verb);

}  // namespace command
