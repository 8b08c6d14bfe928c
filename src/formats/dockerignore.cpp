#include "formats/dockerignore.hpp"

#include "base/text.hpp"
#include "formats/utf8_point.hpp"

namespace dtenv {

namespace {

constexpr std::size_t longest_line = 64 * 1024;  // of Go's bufio.Scanner

/// Go's strings.TrimSpace, for ASCII.
std::string_view trim_space(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// One member of a glob's bracket; false: Go calls the pattern bad.
bool bracket_char(std::string_view glob, std::size_t& at) {
  if (at >= glob.size() || glob[at] == '-' || glob[at] == ']') return false;
  if (glob[at] == '\\' && ++at >= glob.size()) return false;
  next_point(glob, at);
  return at < glob.size();
}

bool good_bracket(std::string_view glob, std::size_t& at) {
  if (at < glob.size() && glob[at] == '^') ++at;
  for (int count = 0; !(count > 0 && at < glob.size() && glob[at] == ']'); ++count) {
    if (!bracket_char(glob, at)) return false;
    if (glob[at] != '-') continue;
    ++at;
    if (!bracket_char(glob, at)) return false;
  }
  ++at;
  return true;
}

/// The syntax check of Go's filepath.Match.
bool is_good_glob(std::string_view glob) {
  for (std::size_t at = 0; at < glob.size();) {
    const char c = glob[at++];
    if (c == '[' && !good_bracket(glob, at)) return false;
    if (c == '\\' && at++ >= glob.size()) return false;
  }
  return true;
}

Error bad_pattern(int line, std::string_view pattern, std::string_view problem) {
  const std::string what = std::string(problem) + ": \"" + visible(pattern) + "\"";
  return {Status::config,
          ".dockerignore: " + (line > 0 ? "line " + std::to_string(line) + ": " : "") + what,
          {{"", line, line > 0 ? 1 : 0, what, ""}}};
}

}  // namespace

std::string clean_path(std::string_view path) {
  if (path.empty()) return ".";
  const bool rooted = path[0] == '/';
  std::vector<std::string> parts;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(std::move(part));
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(std::move(part));
    }
  }
  const std::string joined = (rooted ? "/" : "") + join(parts, "/");
  return joined.empty() ? "." : joined;
}

/// The scan of moby's Pattern.compile: most patterns need no expression at all.
Dockerignore::Pattern Dockerignore::compile(std::string_view glob) {
  Pattern pattern;
  std::string regex;
  using Kind = Pattern::Kind;
  for (std::size_t at = 0; at < glob.size();) {
    const bool first = at == 0;
    const char c = glob[at++];
    if (c == '*' && at < glob.size() && glob[at] == '*') {
      ++at;
      if (at < glob.size() && glob[at] == '/') ++at;
      if (at < glob.size()) {
        regex += "(.*/)?";
        pattern.kind = Kind::regex;
      } else if (pattern.kind == Kind::exact) {
        pattern.kind = Kind::prefix;
      } else {
        regex += ".*";
        pattern.kind = Kind::regex;
      }
      if (first) pattern.kind = Kind::suffix;
    } else if (c == '*' || c == '?') {
      regex += c == '*' ? "[^/]*" : "[^/]";
      pattern.kind = Kind::regex;
    } else if (std::string_view(".+()|{}$").find(c) != std::string_view::npos) {
      regex += '\\';
      regex += c;
    } else if (c == '\\' && at < glob.size()) {
      const std::size_t begin = at;
      next_point(glob, at);
      regex += '\\';
      regex += glob.substr(begin, at - begin);
      pattern.kind = Kind::regex;
    } else {
      regex += c;
      if (c == '[' || c == ']') pattern.kind = Kind::regex;
    }
  }
  pattern.text = glob;
  if (pattern.kind == Kind::prefix) pattern.text = glob.substr(0, glob.size() - 2);
  if (pattern.kind == Kind::suffix) pattern.text = glob.substr(2);
  if (pattern.kind != Kind::regex) return pattern;
  auto compiled = IgnoreRegex::compile(regex);
  pattern.broken = !compiled;
  if (compiled) pattern.regex = std::move(*compiled);
  return pattern;
}

bool Dockerignore::Pattern::matches(std::string_view path) const {
  switch (kind) {
    case Kind::exact:
      return path == text;
    case Kind::prefix:
      return starts_with(path, text);
    case Kind::suffix:
      return ends_with(path, text) || (starts_with(text, "/") && path == text.substr(1));
    case Kind::regex:
      return regex && regex->matches(path);
  }
  return false;
}

bool Dockerignore::Pattern::matches_folder_of(std::string_view folder) const {
  if (kind == Kind::regex) return regex && regex->matches_folder_of(folder);
  for (std::size_t at = folder.find('/'); at != std::string_view::npos;
       at = folder.find('/', at + 1))
    if (matches(folder.substr(0, at))) return true;
  return matches(folder);
}

Result<Dockerignore> Dockerignore::parse(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split_lines(text)) lines.emplace_back(line);
  return from_lines(lines);
}

Result<Dockerignore> Dockerignore::from_lines(const std::vector<std::string>& lines) {
  Dockerignore ignore;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    std::string_view line = lines[i];
    if (line.size() > longest_line) return bad_pattern(number, line, "a line of more than 64 KiB");
    if (i == 0 && starts_with(line, "\xEF\xBB\xBF")) line.remove_prefix(3);
    if (starts_with(line, "#")) continue;
    line = trim_space(line);
    if (line.empty()) continue;
    const bool exception = line[0] == '!';
    if (exception) line = trim_space(line.substr(1));
    std::string pattern = line.empty() ? "" : clean_path(line);
    if (pattern.size() > 1 && pattern[0] == '/') pattern.erase(0, 1);
    DT_TRY(ignore.append((exception ? "!" : "") + pattern, number));
  }
  return ignore;
}

Result<void> Dockerignore::append(std::string_view text, int line) {
  std::string pattern(trim_space(text));
  if (pattern.empty()) return {};
  pattern = clean_path(pattern);
  const bool exception = pattern[0] == '!';
  if (exception && pattern.size() == 1) return bad_pattern(line, "!", "illegal exclusion pattern");
  if (exception) pattern.erase(0, 1);
  if (!is_good_glob(pattern)) return bad_pattern(line, pattern, "syntax error in pattern");
  patterns_.push_back(compile(pattern));
  patterns_.back().exception = exception;
  patterns_.back().line = line;
  has_exceptions_ = has_exceptions_ || exception;
  return {};
}

Result<bool> Dockerignore::excludes(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  const std::string folder =
      slash == std::string_view::npos ? "." : clean_path(path.substr(0, slash + 1));
  bool excluded = false;
  for (const Pattern& pattern : patterns_) {
    if (pattern.exception != excluded) continue;
    if (pattern.broken) return bad_pattern(pattern.line, pattern.text, "syntax error in pattern");
    if (pattern.matches(path) || (folder != "." && pattern.matches_folder_of(folder)))
      excluded = !pattern.exception;
  }
  return excluded;
}

}  // namespace dtenv
