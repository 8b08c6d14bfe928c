#include "texts.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "base/text.hpp"

namespace dtenv::capi {
namespace {

/// Where the bytes stop being text: an editor shows the line, if hardly the byte.
Error not_utf8(std::string_view name, std::string_view text) {
  Problem problem;
  problem.problem = "bytes that are not UTF-8";
  problem.hint = "save it as UTF-8";
  for (const auto line : split_lines(text)) {
    ++problem.line;
    if (is_utf8(line)) continue;
    // No character is longer than four bytes: the longest sound beginning ends where it breaks.
    std::size_t sound = 0;
    for (std::size_t size = 1; size <= line.size() && size <= sound + 4; ++size)
      if (is_utf8(line.substr(0, size))) sound = size;
    problem.column = static_cast<int>(sound) + 1;
    break;
  }
  Error error(Status::invalid, std::string(name) + ": not UTF-8");
  error.detail.push_back(std::move(problem));
  return error;
}

}  // namespace

char* give_text(std::string_view text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

Result<std::string_view> take_text(std::string_view name, const char* text) {
  if (text == nullptr) return Error{Status::invalid, std::string(name) + ": NULL"};
  return take_optional_text(name, text);
}

Result<std::string_view> take_optional_text(std::string_view name, const char* text) {
  const std::string_view view = text == nullptr ? std::string_view() : std::string_view(text);
  if (!is_utf8(view)) return not_utf8(name, view);
  return view;
}

Result<void> check_out(std::string_view name, const void* out) {
  if (out == nullptr) return Error{Status::invalid, std::string(name) + ": NULL"};
  return {};
}

}  // namespace dtenv::capi
