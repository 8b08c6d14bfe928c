#include "texts.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "base/text.hpp"

namespace dtenv::capi {

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
  if (!is_utf8(view)) return Error{Status::invalid, std::string(name) + ": not UTF-8"};
  return view;
}

Result<void> check_out(std::string_view name, const void* out) {
  if (out == nullptr) return Error{Status::invalid, std::string(name) + ": NULL"};
  return {};
}

}  // namespace dtenv::capi
