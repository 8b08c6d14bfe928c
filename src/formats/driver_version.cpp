#include "formats/driver_version.hpp"

#include "base/text.hpp"

namespace dtenv {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<DriverVersion> parse_driver_version(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  int numbers[3] = {0, 0, 0};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_integer(parts[i], 0, 99999);
    if (!number) return std::nullopt;
    numbers[i] = static_cast<int>(*number);
  }
  return DriverVersion{numbers[0], numbers[1], numbers[2]};
}

std::string show_driver_version(const DriverVersion& version) {
  const auto padded = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::to_string(version.major) + "." + padded(version.minor) +
         (version.patch == 0 ? "" : "." + padded(version.patch));
}

std::string upstream_version(std::string_view package_version) {
  if (const auto colon = package_version.find(':'); colon != std::string_view::npos)
    package_version.remove_prefix(colon + 1);
  if (const auto dash = package_version.rfind('-'); dash != std::string_view::npos)
    package_version = package_version.substr(0, dash);
  return std::string(package_version);
}

std::string find_driver_version(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (!is_digit(text[i]) || (i > 0 && (is_digit(text[i - 1]) || text[i - 1] == '.'))) continue;
    std::size_t end = i;
    while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
    std::string_view word = text.substr(i, end - i);
    while (!word.empty() && word.back() == '.') word.remove_suffix(1);
    // Three digits before the first dot: dates, kernel and gcc versions have fewer.
    if (word.find('.') == 3 && parse_driver_version(word)) return std::string(word);
    i = end;
  }
  return {};
}

}  // namespace dtenv
