#include "formats/dockerfile_shell.hpp"

#include <algorithm>

namespace dtenv {
namespace {

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::size_t program_index(const std::vector<std::string>& words) {
  std::size_t i = 0;
  while (i < words.size() && (is_assignment(words[i]) || words[i] == "env" || words[i] == "exec" ||
                              words[i] == "(" || words[i] == "{" || words[i] == "!"))
    ++i;
  return i;
}

/// Splits a shell text into simple commands; enough of the grammar to lint, none of it run.
class ShellSplitter {
 public:
  ShellSplitter(std::string_view text, std::vector<ShellCommand>& out) : text_(text), out_(out) {}

  /// `line_of` gives the line of an offset.
  template <class LineOf>
  void run(std::size_t instruction, LineOf line_of) {
    while (at_ < text_.size()) step(instruction, line_of);
    end_command("");
  }

 private:
  template <class LineOf>
  void step(std::size_t instruction, LineOf line_of) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t') {
      end_word();
      ++at_;
    } else if (c == '\n' || c == ';' || c == '&' || c == '|') {
      if (c == '&' && (starts_with(text_.substr(at_), "&>") || ends_with(word_, ">"))) {
        add(c, instruction, line_of);
        return;
      }
      take_operator();
    } else if (c == '>' || c == '<') {
      take_redirection(instruction, line_of);
    } else if (c == '\'' || c == '"') {
      take_quoted(c, instruction, line_of);
    } else if (c == '$' && starts_with(text_.substr(at_), "$(")) {
      take_substitution(instruction, line_of);
    } else if (c == '\\' && at_ + 1 < text_.size()) {
      ++at_;
      add(text_[at_], instruction, line_of);
    } else {
      add(c, instruction, line_of);
    }
  }

  template <class LineOf>
  void open_word(std::size_t instruction, LineOf line_of) {
    if (current_.words.empty() && !in_word_) {
      current_.instruction = instruction;
      current_.line = line_of(at_);
    }
    in_word_ = true;
  }

  template <class LineOf>
  void add(char c, std::size_t instruction, LineOf line_of) {
    open_word(instruction, line_of);
    word_ += c;
    ++at_;
  }

  template <class LineOf>
  void take_quoted(char quote, std::size_t instruction, LineOf line_of) {
    open_word(instruction, line_of);
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() &&
          std::string_view("\"\\$`").find(text_[at_ + 1]) != std::string_view::npos)
        ++at_;
      word_ += text_[at_];
    }
    if (at_ < text_.size()) ++at_;
  }

  /// `$( … )` stays one piece of its word.
  template <class LineOf>
  void take_substitution(std::size_t instruction, LineOf line_of) {
    open_word(instruction, line_of);
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      word_ += text_[at_];
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')' && --depth == 0) break;
    }
    if (at_ < text_.size()) ++at_;
  }

  template <class LineOf>
  void take_redirection(std::size_t instruction, LineOf line_of) {
    // "2>" keeps its number; "a>b" parts the words.
    if (in_word_ && !(word_.size() == 1 && word_[0] >= '0' && word_[0] <= '9')) end_word();
    const char c = text_[at_];
    while (at_ < text_.size() && text_[at_] == c) add(c, instruction, line_of);
    if (at_ < text_.size() && text_[at_] == '&') {
      while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '\n')
        add(text_[at_], instruction, line_of);
    }
    end_word();
  }

  void take_operator() {
    const char c = text_[at_];
    std::string op(1, c == '\n' ? ';' : c);
    ++at_;
    if ((c == '&' || c == '|') && at_ < text_.size() && text_[at_] == c) {
      op += c;
      ++at_;
    }
    end_command(op);
  }

  void end_word() {
    if (in_word_) current_.words.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  void end_command(const std::string& next) {
    end_word();
    if (!current_.words.empty()) out_.push_back(std::move(current_));
    current_ = {};
    current_.joined_by = next;
  }

  std::string_view text_;
  std::vector<ShellCommand>& out_;
  ShellCommand current_;
  std::string word_;
  bool in_word_ = false;
  std::size_t at_ = 0;
};

}  // namespace

std::string ShellCommand::program() const {
  auto i = program_index(words);
  if (i < words.size() && words[i] == "sudo") i += 1;
  if (i >= words.size()) return {};
  const auto slash = words[i].rfind('/');
  return slash == std::string::npos ? words[i] : words[i].substr(slash + 1);
}

bool ShellCommand::has(std::string_view word) const {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> ShellCommand::arguments() const {
  auto i = program_index(words);
  if (i < words.size() && words[i] == "sudo") i += 1;
  if (i >= words.size()) return {};
  return {words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()};
}

std::vector<ShellCommand> shell_commands(const Dockerfile& file) {
  std::vector<ShellCommand> out;
  for (std::size_t i = 0; i < file.instructions.size(); ++i) {
    const auto& instruction = file.instructions[i];
    if (instruction.keyword != "RUN") continue;
    if (instruction.exec_form) {
      out.push_back({*instruction.exec_form, {}, i, instruction.line});
      continue;
    }
    // `RUN <<EOF` is its heredoc alone.
    if (instruction.heredocs.empty() || !starts_with(instruction.arguments, "<<"))
      ShellSplitter(instruction.arguments, out).run(i, [&](std::size_t offset) {
        return instruction.line_at(offset);
      });
    for (const auto& heredoc : instruction.heredocs)
      ShellSplitter(heredoc.content, out).run(i, [&](std::size_t offset) {
        return heredoc.line + line_and_column(heredoc.content, offset).first - 1;
      });
  }
  return out;
}

}  // namespace dtenv
