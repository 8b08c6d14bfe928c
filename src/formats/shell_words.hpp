#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// One word of a command line, quotes taken off, and where it began.
struct ShellWord {
  std::string text;
  int line = 1;
  int column = 1;
};

/// One simple command as a POSIX shell splits it: quotes, backslashes, lines joined by a backslash,
/// comments. Nothing is expanded or run: an unquoted $, `, |, ;, &, <, >, (, ) is CONFIG with its
/// place, and so is a second command.
Result<std::vector<ShellWord>> split_shell_words(std::string_view text);

}  // namespace dtenv
