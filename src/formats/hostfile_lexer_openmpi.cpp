#include "formats/hostfile_lexer_openmpi.hpp"

#include <algorithm>
#include <array>

namespace dtenv {

namespace {

using Kind = OpenMpiToken::Kind;

constexpr std::string_view blanks = " \f\t\v";

constexpr std::array<std::string_view, 28> keywords = {"boards",
                                                       "cores",
                                                       "cores-per-socket",
                                                       "cores_per_socket",
                                                       "count",
                                                       "count-max",
                                                       "count_max",
                                                       "cpu",
                                                       "cpu-max",
                                                       "cpu_max",
                                                       "max-count",
                                                       "max-cpu",
                                                       "max-slots",
                                                       "max_count",
                                                       "max_cpu",
                                                       "max_slots",
                                                       "port",
                                                       "rank",
                                                       "slot",
                                                       "slots",
                                                       "slots-max",
                                                       "slots_max",
                                                       "sockets",
                                                       "sockets-per-board",
                                                       "sockets_per_board",
                                                       "user-name",
                                                       "user_name",
                                                       "username"};

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_plain(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}
bool is_string(char c) {
  return is_plain(c) || c == ',' || c == ':' || c == '*' || c == '@';
}

std::size_t run(std::string_view text, bool (*member)(char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), member);
  return static_cast<std::size_t>(end - text.begin());
}

/// The longest `[user@]name.with.dots` at the beginning.
std::size_t dotted_length(std::string_view text) {
  std::size_t begin = 0;
  const std::size_t user = run(text, is_plain);
  if (user > 0 && is_alnum(text[0]) && user < text.size() && text[user] == '@') begin = user + 1;
  const std::string_view name = text.substr(begin);
  if (name.empty() || !is_alnum(name[0])) return 0;
  return begin + run(name, [](char c) { return is_plain(c) || c == '.'; });
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

OpenMpiToken OpenMpiLexer::take(Kind kind, std::size_t length) {
  OpenMpiToken token{kind, text_.substr(at_, length), line_, at_ - line_begin_ + 1};
  const std::size_t newlines =
      static_cast<std::size_t>(std::count(token.text.begin(), token.text.end(), '\n'));
  at_ += length;
  line_ += static_cast<int>(newlines);
  if (newlines > 0) line_begin_ = text_.rfind('\n', at_ - 1) + 1;
  return token;
}

/// The rule needs the line's end: a comment on an unfinished last line is an error to Open MPI.
OpenMpiToken OpenMpiLexer::comment_to_end_of_line() {
  const std::size_t end = text_.find('\n', at_);
  if (end == std::string_view::npos) return take(Kind::error, 1);
  return take(Kind::newline, end - at_ + 1);
}

OpenMpiToken OpenMpiLexer::inside_comment() {
  const std::size_t end = std::min(text_.find("*/", at_), text_.size());
  const std::size_t newline = text_.find('\n', at_);
  if (newline < end) return take(Kind::newline, newline - at_ + 1);
  if (end == text_.size()) return take(Kind::end, end - at_);
  in_comment_ = false;
  return take(Kind::newline, end - at_ + 2);
}

OpenMpiToken OpenMpiLexer::word() {
  const std::string_view rest = text_.substr(at_);
  const std::size_t plain = run(rest, is_string);
  const std::size_t dotted = dotted_length(rest);
  if (dotted > plain) return take(Kind::dotted, dotted);
  if (plain == 0) return take(Kind::error, 1);
  const std::string_view text = rest.substr(0, plain);
  if (all_digits(text)) return take(Kind::integer, plain);
  const bool keyword = std::binary_search(keywords.begin(), keywords.end(), text);
  return take(keyword ? Kind::keyword : Kind::string, plain);
}

OpenMpiToken OpenMpiLexer::next() {
  if (in_comment_) return inside_comment();
  at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
  if (at_ == text_.size()) return take(Kind::end, 0);
  if (text_[at_] == '\n') return take(Kind::newline, 1);
  if (text_[at_] == '#' || sees("//")) return comment_to_end_of_line();
  if (sees("/*")) {
    in_comment_ = true;
    return take(Kind::newline, 2);
  }
  if (text_[at_] == '=') return take(Kind::equal, 1);
  if (text_[at_] == '"') {
    const std::size_t close = text_.find('"', at_ + 1);
    return close == std::string_view::npos ? take(Kind::error, 1)
                                           : take(Kind::quoted, close - at_ + 1);
  }
  return word();
}

}  // namespace dtenv
