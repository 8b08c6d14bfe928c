#include "formats/error_catalogue.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace dtenv {
namespace {

bool matches(const KnownError& entry, const std::string& text) {
  for (const auto part : entry.all)
    if (!part.empty() && !contains(text, lower(part))) return false;
  return entry.unless.empty() || !contains(text, lower(entry.unless));
}

}  // namespace

std::vector<std::span<const KnownError>> error_catalogue() {
  return {launch_errors(), driver_errors(), engine_errors(),
          api_errors(),    daemon_errors(), package_errors()};
}

std::vector<const KnownError*> explain(std::string_view text) {
  const std::string lowered = lower(text);
  std::vector<const KnownError*> found;
  for (const auto part : error_catalogue())
    for (const auto& entry : part) {
      const bool told = std::any_of(found.begin(), found.end(),
                                    [&](const KnownError* other) { return other->id == entry.id; });
      if (!told && matches(entry, lowered)) found.push_back(&entry);
    }
  return found;
}

}  // namespace dtenv
