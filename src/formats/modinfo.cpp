#include "formats/modinfo.hpp"

#include "base/text.hpp"

namespace dtenv {

bool Modinfo::open() const {
  return starts_with(license, "Dual MIT/GPL");
}

Modinfo parse_modinfo(std::string_view text) {
  Modinfo out;
  for (const auto line : split_lines(text)) {
    if (contains(line, "not found")) out.not_found = true;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto key = trim(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (key == "filename") out.found = true;
    if (key == "version") out.version = std::string(value);
    if (key == "license") out.license = std::string(value);
    if (key == "signer") out.signer = std::string(value);
    if (key == "vermagic") out.kernel = std::string(value.substr(0, value.find(' ')));
  }
  if (!out.version.empty()) out.found = true;
  if (out.found) out.not_found = false;
  return out;
}

}  // namespace dtenv
