#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/dockerfile_text.hpp"

namespace dtenv {

/// One simple command of a RUN, as the shell would see it: quotes undone, variables left alone.
struct ShellCommand {
  std::vector<std::string> words;  ///< redirections are words of their own
  std::string joined_by;           ///< what stands before it: "", "&&", "||", "|", ";"
  std::size_t instruction = 0;     ///< index in Dockerfile::instructions
  int line = 0;

  /// The program: the first word that is no assignment, without its folder; sudo and env passed.
  std::string program() const;
  bool has(std::string_view word) const;
  /// The words after the program.
  std::vector<std::string> arguments() const;
};

/// The commands of every RUN, heredocs and the exec form among them.
std::vector<ShellCommand> shell_commands(const Dockerfile& file);

}  // namespace dtenv
