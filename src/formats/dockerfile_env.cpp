#include "formats/dockerfile_text.hpp"

namespace dtenv {
namespace {

/// One word with its quotes and escapes undone; `at` is moved behind it.
std::string take_word(std::string_view text, std::size_t& at) {
  std::string out;
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == 0 && (c == ' ' || c == '\t')) break;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && at + 1 < text.size()) {
      out += text[++at];
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_env_pairs(std::string_view arguments,
                                                                 bool* is_legacy) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto first = arguments.substr(0, arguments.find_first_of(" \t"));
  const bool legacy = !contains(first, "=");
  if (is_legacy != nullptr) *is_legacy = legacy;
  if (legacy) {
    out.emplace_back(first, trim(arguments.substr(first.size())));
    return out;
  }
  for (std::size_t at = 0; at < arguments.size();) {
    if (arguments[at] == ' ' || arguments[at] == '\t') {
      ++at;
      continue;
    }
    const auto word = take_word(arguments, at);
    const auto equals = word.find('=');
    if (equals != std::string::npos)
      out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return out;
}

}  // namespace dtenv
