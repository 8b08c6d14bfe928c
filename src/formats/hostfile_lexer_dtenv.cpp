#include "formats/hostfile_lexer_dtenv.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dtenv {

namespace {

constexpr std::size_t max_line = std::size_t{64} << 10;

}  // namespace

bool HostfileLexer::is_sound(std::string_view line, int number) {
  const std::size_t control = static_cast<std::size_t>(
      std::find_if(line.begin(), line.end(),
                   [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }) -
      line.begin());
  if (control < line.size())
    reader_.error(number, control + 1,
                  "the control byte " + visible(line.substr(control, 1)) + " in the line",
                  line[control] == '\r' ? "end lines with a line feed" : "take the byte out");
  if (line.size() > max_line)
    reader_.error(number, 1, "the line is longer than 64 KiB", "one line a host");
  return control >= line.size() && line.size() <= max_line;
}

/// From inside a comment to behind its end, or to the line's.
std::size_t HostfileLexer::skip_comment(std::string_view line, std::size_t at, int number) {
  if (!in_comment_) comment_line_ = number;
  const std::size_t close = line.find("*/", in_comment_ ? at : at + 2);
  in_comment_ = close == std::string_view::npos;
  return in_comment_ ? line.size() : close + 2;
}

std::vector<HostfileWord> HostfileLexer::words(std::string_view line, int number) {
  std::vector<HostfileWord> result;
  if (!is_sound(line, number)) return result;
  std::size_t at = in_comment_ ? skip_comment(line, 0, number) : 0;
  for (;;) {
    at = std::min(line.find_first_not_of(" \t", at), line.size());
    const std::string_view rest = line.substr(at);
    if (rest.empty() || rest[0] == '#' || starts_with(rest, "//")) return result;
    if (starts_with(rest, "/*")) {
      at = skip_comment(line, at, number);
    } else if (rest[0] == '=') {
      result.push_back({"=", at + 1, true});
      ++at;
    } else if (rest[0] == '"') {
      const std::size_t close = rest.find('"', 1);
      if (close == std::string_view::npos) {
        reader_.error(number, at + 1, "no closing quote", "close it, or take it out");
        return result;
      }
      result.push_back({std::string(rest.substr(1, close - 1)), at + 1, false});
      at += close + 1;
    } else {
      const std::size_t length = std::min(rest.find_first_of(" \t=\""), rest.size());
      result.push_back({std::string(rest.substr(0, length)), at + 1, false});
      at += length;
    }
  }
}

void HostfileLexer::finish() {
  if (in_comment_)
    reader_.error(comment_line_, 1, "a comment begins here and never ends", "end it with */");
}

}  // namespace dtenv
