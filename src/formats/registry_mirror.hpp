#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "formats/daemon_json_keys.hpp"

namespace dtenv {

/// As dockerd compares and stores mirrors: scheme and host in lower case, one "/" at the end.
std::string normal_mirror(std::string_view url);

/// moby's rules for a mirror on this engine, in its words; ok, or CONFIG. A path is taken from 25
/// on.
Result<void> check_mirror(std::string_view url, const EngineRelease& engine);

/// What to say of a mirror that is taken all the same: plain http. nullopt: nothing.
std::optional<std::string> mirror_warning(std::string_view url);

}  // namespace dtenv
