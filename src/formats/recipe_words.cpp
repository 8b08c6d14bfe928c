#include "formats/recipe_words.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dtenv {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c);
}

bool all_of(std::string_view text, std::string_view extra) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || extra.find(c) != std::string_view::npos;
  });
}

bool all_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool is_version_word(std::string_view text) {
  return all_of(text, ".+-_~:") && is_alnum(text.front());
}

bool is_apt_package(std::string_view text) {
  const auto equals = text.find('=');
  const auto name = text.substr(0, equals);
  if (equals != std::string_view::npos && !is_version_word(text.substr(equals + 1))) return false;
  return all_of(name, "+.-:") && (is_lower(name.front()) || is_digit(name.front())) &&
         std::none_of(name.begin(), name.end(), is_upper);
}

bool is_pinned_pip(std::string_view text) {
  const auto equals = text.find("==");
  if (equals == std::string_view::npos || !is_version_word(text.substr(equals + 2))) return false;
  auto name = text.substr(0, equals);
  if (const auto open = name.find('['); open != std::string_view::npos) {
    if (name.back() != ']' || !all_of(name.substr(open + 1, name.size() - open - 2), "._-,"))
      return false;
    name = name.substr(0, open);
  }
  return all_of(name, "._-") && is_alnum(name.front());
}

bool is_http_url(std::string_view text) {
  const auto rest = starts_with(text, "https://")  ? text.substr(8)
                    : starts_with(text, "http://") ? text.substr(7)
                                                   : std::string_view{};
  return all_of(rest, "-._~:/?@%+,=&[]") && is_alnum(rest.front());
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && all_hex(text);
}

bool is_commit(std::string_view text) {
  return text.size() >= 7 && text.size() <= 40 && all_hex(text);
}

bool is_env_name(std::string_view text) {
  return all_of(text, "_") && !is_digit(text.front());
}

bool is_image_reference(std::string_view text) {
  return all_of(text, "._-/:@") && is_alnum(text.front()) && text.size() <= 512;
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace dtenv
