#include "doctor.hpp"

#include <algorithm>
#include <dtenv/dtenv.hpp>
#include <iostream>

#include "documents.hpp"
#include "event.hpp"
#include "exit_code.hpp"
#include "files.hpp"

namespace command {
namespace {

constexpr std::size_t most_findings = 20;  // of one launcher, on a terminal
constexpr std::size_t window = 100;        // of a long line, around the place

/// The line with this number, as the file has it.
std::string line_of(const std::string& text, std::size_t number) {
  std::size_t begin = 0;
  while (--number > 0) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return {};
    ++begin;
  }
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// The length of the UTF-8 character at `at`, 0 where there is none.
std::size_t character_at(const std::string& text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::size_t length = byte < 0x80   ? 1
                             : byte < 0xC2 ? 0
                             : byte < 0xE0 ? 2
                             : byte < 0xF0 ? 3
                                           : 4;
  if (byte > 0xF4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return 0;
  return length;
}

/// As many bytes, without those that a terminal would obey or cannot show.
std::string showable(std::string line) {
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = character_at(line, at);
    const auto byte = static_cast<unsigned char>(line[at]);
    if (length == 0 || (byte < ' ' && byte != '\t') || byte == 0x7f) line[at] = '?';
    at += std::max<std::size_t>(length, 1);
  }
  return line;
}

/// The line and a caret under its column (in bytes).
void print_place(const std::string& text, const Finding& finding) {
  std::string line = showable(line_of(text, finding.line));
  std::size_t at = std::min(finding.column, line.size() + 1) - 1;
  if (line.size() > window) {
    const std::size_t begin = at > window / 2 ? at - window / 2 : 0;
    line = showable(line.substr(begin, window));
    at -= begin;
  }
  std::string indent;
  for (const unsigned char c : line.substr(0, at)) {
    // Of a character of several bytes the first alone has a place on the screen.
    if (c == '\t')
      indent += '\t';
    else if (c < 0x80 || c >= 0xC0)
      indent += ' ';
  }
  std::cout << "  | " << line << "\n  | " << indent << "^\n";
}

void print_findings(const Verdict& verdict, const std::string& text, const std::string& file) {
  std::size_t shown = 0;
  for (const Finding& finding : verdict.findings) {
    if (++shown > most_findings) {
      std::cout << "  and " << verdict.findings.size() - most_findings << " more\n";
      return;
    }
    std::cout << "  " << printable(file);
    if (finding.line > 0) std::cout << ':' << finding.line << ':' << finding.column;
    std::cout << ": " << (verdict.kind == "refused" ? "error: " : "warning: ")
              << printable(finding.problem) << '\n';
    if (finding.line > 0 && finding.column > 0) print_place(text, finding);
    if (!finding.hint.empty()) std::cout << "  help: " << printable(finding.hint) << '\n';
  }
}

void print(const Verdict& verdict, const std::string& text, const std::string& file) {
  std::cout << verdict.engine << ": " << verdict.kind;
  if (verdict.kind != "refused")
    std::cout << " (" << verdict.hosts << " hosts, " << verdict.slots << " slots)";
  std::cout << '\n';
  print_findings(verdict, text, file);
  if (verdict.rewritten.empty()) return;
  std::cout << "  as " << verdict.engine << " wants it";
  if (!verdict.lost.empty()) std::cout << " (without " << verdict.lost << ")";
  const std::size_t end = verdict.rewritten.find('\n');
  const bool more = end + 1 < verdict.rewritten.size();
  std::cout << ":\n  | " << verdict.rewritten.substr(0, std::min(end, window)) << '\n';
  if (more) std::cout << "  | … (all of it: --json)\n";
}

bool is_asked(const Options& options, const std::string& engine) {
  return options.engines.empty() ||
         std::find(options.engines.begin(), options.engines.end(), engine) != options.engines.end();
}

void check_engines(const Options& options, const std::vector<Verdict>& verdicts) {
  std::string known;
  for (const Verdict& verdict : verdicts) known += (known.empty() ? "" : ", ") + verdict.engine;
  for (const std::string& engine : options.engines)
    if (std::none_of(verdicts.begin(), verdicts.end(),
                     [&](const Verdict& verdict) { return verdict.engine == engine; }))
      throw UsageError("--engine: no launcher is called " + engine + "; known: " + known);
}

int code_of(const Verdict& verdict) {
  if (verdict.kind == "ok") return 0;
  return verdict.kind == "misread" ? exit_misread : exit_refused;
}

/// The worst of the launchers asked for; the best of all where none was.
int code_of(const Options& options, const std::vector<Verdict>& verdicts) {
  const auto rank = [](int code) { return code == 0 ? 0 : code == exit_misread ? 1 : 2; };
  int code = options.engines.empty() ? exit_refused : 0;
  for (const Verdict& verdict : verdicts) {
    if (!is_asked(options, verdict.engine)) continue;
    const int one = code_of(verdict);
    const bool worse = rank(one) > rank(code);
    if (options.engines.empty() ? !worse : worse) code = one;
  }
  return code;
}

}  // namespace

int run_doctor(const Options& options) {
  const std::string text = read_input(options.file);
  const std::string answer = dtenv::api::eval("hostfile.doctor", base64_arguments(text));
  const std::vector<Verdict> verdicts = verdicts_of(answer);
  check_engines(options, verdicts);
  if (options.json) {
    std::cout << answer << '\n';
    return code_of(options, verdicts);
  }
  for (const Verdict& verdict : verdicts)
    if (is_asked(options, verdict.engine)) print(verdict, text, options.file);
  return code_of(options, verdicts);
}

}  // namespace command
