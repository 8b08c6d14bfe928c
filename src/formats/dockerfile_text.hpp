#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/text.hpp"

namespace dtenv {

/// The lines between `<<NAME` and `NAME`.
struct DockerfileHeredoc {
  std::string name;
  std::string content;
  int line = 0;  ///< of its first line
};

/// One instruction with its continuation lines joined.
struct DockerInstruction {
  std::string keyword;             ///< upper case
  std::vector<std::string> flags;  ///< "--from=build"
  std::string arguments;           ///< without the flags
  std::optional<Argv> exec_form;   ///< where the arguments are a JSON array of strings
  std::vector<DockerfileHeredoc> heredocs;
  int line = 0;
  int end_line = 0;
  std::vector<std::pair<std::size_t, int>> marks;  ///< offset in `arguments` → line, ascending

  int line_at(std::size_t offset) const;
};

struct DockerfileComment {
  int line = 0;
  std::string text;
};

struct Dockerfile {
  char escape = '\\';
  std::string syntax;  ///< `# syntax=`
  std::vector<DockerInstruction> instructions;
  std::vector<DockerfileComment> comments;  ///< those inside a continuation too
  std::vector<int> glued_continuations;     ///< lines where `\` follows a word without a blank
  std::vector<int> empty_continuation_lines;
};

/// By the rules of moby/buildkit's parser. CONFIG with the line for an unknown instruction, a
/// missing argument, or a heredoc without its end.
Result<Dockerfile> parse_dockerfile(std::string_view text);

/// `K=V K2="V 2"` or the legacy `K rest of the line`; quotes and escapes undone.
std::vector<std::pair<std::string, std::string>> parse_env_pairs(std::string_view arguments,
                                                                 bool* is_legacy = nullptr);

}  // namespace dtenv
