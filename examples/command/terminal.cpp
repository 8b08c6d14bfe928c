#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace command {
namespace {

winsize window() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  if (size.ws_col == 0) size.ws_col = 80;
  if (size.ws_row == 0) size.ws_row = 24;
  return size;
}

bool is_dumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

/// The code point at `text[at]` and its length in bytes; a stray byte counts as itself.
struct CodePoint {
  char32_t value;
  std::size_t length;
};

CodePoint code_point(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (length == 1 || at + length > text.size()) return {first, 1};
  char32_t value = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    value = (value << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  return {value, length};
}

/// East Asian wide ranges and emoji; combining marks are rare enough to count as one.
std::size_t columns(char32_t point) {
  const bool wide = (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
                    (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
                    (point >= 0xFE30 && point <= 0xFE6F) || (point >= 0xFF00 && point <= 0xFF60) ||
                    (point >= 0x1F300 && point <= 0x1FAFF) ||
                    (point >= 0x20000 && point <= 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace

Terminal::Terminal(bool no_color) : live_(::isatty(STDERR_FILENO) == 1 && !is_dumb()) {
  const char* variable = std::getenv("NO_COLOR");
  color_ = live_ && !no_color && (variable == nullptr || *variable == '\0');
}

std::size_t Terminal::width() const {
  return window().ws_col;
}

std::size_t Terminal::height() const {
  return window().ws_row;
}

std::string Terminal::painted(std::string_view text, Tone tone) const {
  const char* code = nullptr;
  switch (tone) {
    case Tone::plain:
      break;
    case Tone::good:
      code = "\033[32m";
      break;
    case Tone::changed:
      code = "\033[36m";
      break;
    case Tone::warning:
      code = "\033[33m";
      break;
    case Tone::bad:
      code = "\033[31m";
      break;
  }
  if (!color_ || code == nullptr) return std::string(text);
  return code + std::string(text) + "\033[0m";
}

std::size_t columns_of(std::string_view text) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    sum += columns(point.value);
    at += point.length;
  }
  return sum;
}

std::string fitted(std::string_view text, std::size_t limit) {
  if (columns_of(text) <= limit) return std::string(text);
  if (limit == 0) return {};
  std::size_t at = 0;
  std::size_t used = 0;
  while (at < text.size()) {
    const CodePoint point = code_point(text, at);
    if (used + columns(point.value) > limit - 1) break;
    used += columns(point.value);
    at += point.length;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string padded_columns(std::string_view text, std::size_t limit) {
  const std::size_t used = columns_of(text);
  return std::string(text) + std::string(limit > used ? limit - used : 0, ' ');
}

}  // namespace command
