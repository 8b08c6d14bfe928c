#include "proc/command.hpp"

namespace dtenv {

namespace {

std::string last_line(std::string_view text) {
  std::string found;
  for (const std::string_view line : split_lines(text))
    if (!trim(line).empty()) found = trim(line);
  return found;
}

std::string ending(const Outcome& outcome) {
  if (outcome.signal != 0) return "ended by signal " + std::to_string(outcome.signal);
  return "exit " + std::to_string(outcome.exit_code);
}

}  // namespace

Error command_error(const Command& command, const Outcome& outcome) {
  std::string said = last_line(outcome.err);
  if (said.empty()) said = last_line(outcome.out);
  std::string message = visible(show_argv(command.argv), 120) + ": " + ending(outcome);
  if (!said.empty()) message += ": " + visible(said, 300);
  return {Status::command, std::move(message)};
}

}  // namespace dtenv
