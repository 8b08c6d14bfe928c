#include "formats/shell_words.hpp"

#include "base/text.hpp"

namespace dtenv {

namespace {

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<ShellWord>> run() {
    for (;;) {
      skip_blanks();
      if (at_ >= text_.size()) return std::move(words_);
      if (ended_ && !words_.empty())
        return fail("a second command", "give one docker run at a time; \\ joins lines");
      ended_ = false;
      const auto [line, column] = line_and_column(text_, at_);
      ShellWord word{"", line, column};
      DT_TRY(take(word.text));
      words_.push_back(std::move(word));
    }
  }

 private:
  Error fail(std::string problem, std::string hint = {}) const {
    const auto [line, column] = line_and_column(text_, at_);
    const std::string message = "command: line " + std::to_string(line) + ", column " +
                                std::to_string(column) + ": " + problem;
    return {Status::config, message, {{"", line, column, std::move(problem), std::move(hint)}}};
  }

  bool starts(std::string_view with) const { return starts_with(text_.substr(at_), with); }

  /// Blanks, joined lines, line ends and comments before a word.
  void skip_blanks() {
    while (at_ < text_.size()) {
      if (starts("\\\n")) {
        at_ += 2;
      } else if (starts("\\\r\n")) {
        at_ += 3;
      } else if (text_[at_] == '\n') {
        ended_ = true;
        ++at_;
      } else if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r') {
        ++at_;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  Result<void> take(std::string& word) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return {};
      if (c == '\\' && (starts("\\\n") || starts("\\\r\n"))) {
        at_ += starts("\\\n") ? 2 : 3;
      } else if (c == '\\') {
        if (at_ + 1 >= text_.size()) return fail("a backslash with nothing after it");
        word += text_[at_ + 1];
        at_ += 2;
      } else if (c == '\'') {
        DT_TRY(take_single(word));
      } else if (c == '"') {
        DT_TRY(take_double(word));
      } else {
        DT_TRY(plain(c));
        word += c;
        ++at_;
      }
    }
    return {};
  }

  Result<void> plain(char c) const {
    if (c == '\0') return fail("a NUL byte");
    if (c == '$' || c == '`')
      return fail(std::string("an unquoted ") + c,
                  "nothing is expanded here: write the value itself");
    if (std::string_view("|;&<>()").find(c) != std::string_view::npos)
      return fail(std::string("a \"") + c + "\" of the shell", "give the docker command alone");
    return {};
  }

  Result<void> take_single(std::string& word) {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) return fail("a single quote without its end");
    word += text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return {};
  }

  Result<void> take_double(std::string& word) {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_];
      if (c == '$' || c == '`') return plain(c);
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      if (c == '\\' && std::string_view("$`\"\\\n").find(next) != std::string_view::npos) {
        if (next != '\n') word += next;
        at_ += 2;
        continue;
      }
      word += c;
      ++at_;
    }
    if (at_ >= text_.size()) {
      at_ = begin;
      return fail("a double quote without its end");
    }
    ++at_;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool ended_ = false;  ///< a line has ended since the last word
  std::vector<ShellWord> words_;
};

}  // namespace

Result<std::vector<ShellWord>> split_shell_words(std::string_view text) {
  return Splitter(text).run();
}

}  // namespace dtenv
