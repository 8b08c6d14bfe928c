#include "formats/openssh_version.hpp"

#include "base/text.hpp"

namespace dtenv {

int openssh_version(std::string_view text) {
  constexpr std::string_view name = "OpenSSH_";
  const std::size_t begin = text.find(name);
  if (begin == std::string_view::npos) return 0;
  text.remove_prefix(begin + name.size());
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return 0;
  const std::size_t end = text.find_first_not_of("0123456789", dot + 1);
  const auto major = parse_integer(text.substr(0, dot), 0, 99);
  const auto minor = parse_integer(text.substr(dot + 1, end - dot - 1), 0, 99);
  return major && minor ? static_cast<int>(*major * 100 + *minor) : 0;
}

}  // namespace dtenv
