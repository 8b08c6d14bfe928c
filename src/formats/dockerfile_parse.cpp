#include <algorithm>
#include <array>

#include "base/json_tree.hpp"
#include "formats/dockerfile_text.hpp"

namespace dtenv {
namespace {

constexpr std::array<std::string_view, 18> keywords = {
    "ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
    "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};

Error parse_error(int line, const std::string& problem, std::string hint = {}) {
  return Error{Status::config,
               "Dockerfile: line " + std::to_string(line) + ": " + problem,
               {Problem{{}, line, 1, problem, std::move(hint)}}};
}

std::string_view trim_left(std::string_view text) {
  const auto at = text.find_first_not_of(" \t\r\v\f");
  return at == std::string_view::npos ? std::string_view{} : text.substr(at);
}

std::string_view trim_right(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\v\f") + 1);
}

/// Reads the physical lines one after the other.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : lines_(split_lines(text)) {}
  bool done() const { return at_ == lines_.size(); }
  int number() const { return static_cast<int>(at_); }  ///< of the line take() gave last
  std::string_view take() { return lines_[at_++]; }

 private:
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

/// `# escape=` and `# syntax=`, which count only before anything else.
void read_directive(std::string_view comment, bool& allowed, Dockerfile& file) {
  const auto equals = comment.find('=');
  const auto key = lower(trim(comment.substr(0, equals)));
  if (!allowed || equals == std::string_view::npos ||
      (key != "syntax" && key != "escape" && key != "check")) {
    allowed = false;
    return;
  }
  const auto value = trim(comment.substr(equals + 1));
  if (key == "syntax") file.syntax = std::string(value);
  if (key == "escape" && value == "`") file.escape = '`';
}

struct Logical {
  std::string text;
  std::vector<std::pair<std::size_t, int>> marks;
  int line = 0;
};

bool is_word_end(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Appends one physical line; true where another has to follow.
bool append_line(std::string_view line, Dockerfile& file, Logical& out, int number) {
  const auto kept = trim_right(line);
  const bool continues = !kept.empty() && kept.back() == file.escape;
  out.marks.emplace_back(out.text.size(), number);
  if (!continues) {
    out.text += kept;
    return false;
  }
  const auto body = kept.substr(0, kept.size() - 1);
  if (!body.empty() && is_word_end(body.back())) file.glued_continuations.push_back(number);
  out.text += body;
  return true;
}

Logical read_logical(std::string_view first, LineReader& lines, Dockerfile& file) {
  Logical out;
  out.line = lines.number();
  bool more = append_line(trim_left(first), file, out, out.line);
  while (more && !lines.done()) {
    const auto line = lines.take();
    const auto bare = trim(line);
    if (bare.empty()) {
      file.empty_continuation_lines.push_back(lines.number());
    } else if (bare.front() == '#') {
      file.comments.push_back({lines.number(), std::string(bare.substr(1))});
    } else {
      more = append_line(line, file, out, lines.number());
    }
  }
  return out;
}

/// The names of `<<NAME`, `<<-"NAME"` outside of quotes.
std::vector<std::string> heredoc_names(std::string_view text) {
  std::vector<std::string> names;
  char quote = 0;
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
      continue;
    }
    if (text[i] == '\'' || text[i] == '"') quote = text[i];
    if (text.substr(i, 2) != "<<" || text[i + 2] == '<' || (i > 0 && text[i - 1] == '<')) continue;
    auto rest = text.substr(i + 2);
    if (starts_with(rest, "-")) rest.remove_prefix(1);
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) rest.remove_prefix(1);
    const auto end = std::find_if_not(rest.begin(), rest.end(),
                                      [](char c) { return is_word_end(c) || c == '_'; });
    std::string name(rest.begin(), end);
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

Result<void> read_heredocs(LineReader& lines, DockerInstruction& instruction) {
  if (instruction.keyword != "RUN" && instruction.keyword != "COPY" && instruction.keyword != "ADD")
    return {};
  for (auto& name : heredoc_names(instruction.arguments)) {
    DockerfileHeredoc heredoc{std::move(name), {}, lines.number() + 1};
    bool ended = false;
    while (!ended && !lines.done()) {
      const auto line = lines.take();
      ended = trim(line) == heredoc.name;
      if (!ended) heredoc.content += std::string(line) + "\n";
    }
    if (!ended) return parse_error(instruction.line, "the heredoc " + heredoc.name + " has no end");
    instruction.heredocs.push_back(std::move(heredoc));
  }
  return {};
}

std::optional<Argv> parse_exec_form(std::string_view arguments) {
  if (!starts_with(arguments, "[")) return std::nullopt;
  const auto root = parse_json(arguments, "exec form");
  if (!root || !root->is(JsonNode::Kind::array)) return std::nullopt;
  Argv out;
  for (const auto& item : root->items) {
    if (!item.is(JsonNode::Kind::string)) return std::nullopt;
    out.push_back(item.text);
  }
  return out;
}

Result<DockerInstruction> make_instruction(const Logical& logical) {
  DockerInstruction out;
  out.line = logical.line;
  const std::string_view text = logical.text;
  const auto word = text.substr(0, text.find_first_of(" \t"));
  for (const char c : word)
    out.keyword += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  if (std::find(keywords.begin(), keywords.end(), out.keyword) == keywords.end()) {
    const auto near = nearest(out.keyword, {keywords.begin(), keywords.end()});
    return parse_error(out.line, "unknown instruction: " + visible(word),
                       near ? "did you mean " + *near + "?" : "");
  }
  auto rest = trim_left(text.substr(word.size()));
  while (starts_with(rest, "--") && rest.size() > 2) {
    const auto flag = rest.substr(0, rest.find_first_of(" \t"));
    out.flags.emplace_back(flag);
    rest = trim_left(rest.substr(flag.size()));
  }
  if (rest.empty()) return parse_error(out.line, out.keyword + " without an argument");
  const auto cut = static_cast<std::size_t>(rest.data() - text.data());
  out.arguments = std::string(rest);
  for (const auto& [offset, line] : logical.marks)
    out.marks.emplace_back(offset > cut ? offset - cut : 0, line);
  out.exec_form = parse_exec_form(out.arguments);
  return out;
}

}  // namespace

int DockerInstruction::line_at(std::size_t offset) const {
  int found = line;
  for (const auto& [begin, number] : marks)
    if (begin <= offset) found = number;
  return found;
}

Result<Dockerfile> parse_dockerfile(std::string_view text) {
  if (starts_with(text, "\xEF\xBB\xBF")) text.remove_prefix(3);
  Dockerfile file;
  LineReader lines(text);
  bool directives = true;
  while (!lines.done()) {
    const auto line = lines.take();
    const auto bare = trim(line);
    if (bare.empty()) {
      directives = false;
      continue;
    }
    if (bare.front() == '#') {
      read_directive(bare.substr(1), directives, file);
      file.comments.push_back({lines.number(), std::string(bare.substr(1))});
      continue;
    }
    directives = false;
    const auto logical = read_logical(line, lines, file);
    DT_TRY_ASSIGN(auto instruction, make_instruction(logical));
    DT_TRY(read_heredocs(lines, instruction));
    instruction.end_line = lines.number();
    file.instructions.push_back(std::move(instruction));
  }
  if (file.instructions.empty()) return parse_error(1, "the file has no instructions");
  return file;
}

}  // namespace dtenv
