#include "formats/mpi_output.hpp"

#include "base/text.hpp"

namespace dtenv {

namespace {

std::optional<int> number(std::string_view text) {
  const auto value = parse_integer(text, 0, 1 << 30);
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

/// The word after `key`, up to a blank, a comma, a bracket or the line's end.
std::string_view word_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = trim(text.substr(at + key.size(), 256));
  return rest.substr(0, rest.find_first_of(" \t\r\n,)(."));
}

}  // namespace

std::optional<TaggedLine> parse_tagged_line(std::string_view line) {
  if (line.empty() || line[0] != '[') return std::nullopt;
  const std::size_t comma = line.find(',');
  const std::size_t close = line.find("]<std", 1);
  const std::size_t colon = line.find(">:", 1);
  if (comma == std::string_view::npos || close == std::string_view::npos ||
      colon == std::string_view::npos || comma > close || close > colon)
    return std::nullopt;
  const auto job = number(line.substr(1, comma - 1));
  const auto rank = number(line.substr(comma + 1, close - comma - 1));
  const std::string_view stream = line.substr(close + 2, colon - close - 2);
  if (!job || !rank || (stream != "stdout" && stream != "stderr")) return std::nullopt;
  return TaggedLine{*rank, stream == "stderr", std::string(line.substr(colon + 2))};
}

bool is_failure_mark(std::string_view line) {
  const std::size_t mark = line.substr(0, 32).find("]<failed>:");
  return starts_with(line, "[1,") && mark != std::string_view::npos &&
         number(line.substr(3, mark - 3));
}

std::optional<FirstFailure> parse_first_failure(std::string_view launcher_text) {
  FirstFailure failure;
  // "  Process name: [[39277,1],1]\n  Exit code:    3"
  const std::size_t name = launcher_text.find("Process name: [[");
  if (name != std::string_view::npos) {
    const std::string_view rest = launcher_text.substr(name);
    const std::size_t bracket = rest.find("],");
    if (bracket != std::string_view::npos)
      failure.rank = number(rest.substr(bracket + 2, rest.find(']', bracket + 2) - bracket - 2));
    failure.exit_code = number(word_after(rest, "Exit code:"));
  }
  const std::size_t noticed = launcher_text.find("noticed that process rank ");
  if (noticed != std::string_view::npos) {
    const std::string_view rest = launcher_text.substr(noticed);
    failure.rank = number(word_after(rest, "process rank "));
    failure.host = word_after(rest, "on node ");
    failure.signal = number(word_after(rest, "exited on signal "));
  }
  if (!failure.rank) return std::nullopt;
  return failure;
}

}  // namespace dtenv
