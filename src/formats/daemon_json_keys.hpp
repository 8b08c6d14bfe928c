#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json_tree.hpp"

namespace dtenv {

/// An engine's version as far as rules depend on it. Unknown counts as the newest.
struct EngineRelease {
  int major = 99;
  int minor = 0;
  bool known = false;

  bool at_least(int wanted_major, int wanted_minor = 0) const {
    return major != wanted_major ? major > wanted_major : minor >= wanted_minor;
  }
};

/// "20.10.24+dfsg1", "v28.2.1", "24"; an empty or strange text is unknown.
EngineRelease parse_engine_release(std::string_view text);

/// What makes the daemon take a changed key.
enum class DaemonKeyClass { reload, restart };

enum class DaemonKeyType {
  text,
  boolean,
  whole,        ///< a whole number, not negative
  size,         ///< "64m" or a number of bytes
  texts,        ///< an array of strings
  text_map,     ///< an object of strings
  boolean_map,  ///< an object of booleans
  objects,      ///< an array of objects
  object_map,   ///< an object of objects
  object        ///< an object with rules of its own
};

/// One key of daemon.json, by its exact case.
struct DaemonKey {
  std::string_view name;
  DaemonKeyType type;
  DaemonKeyClass applied;
  int since = 0;               ///< major version that brought it; 0: older than 20.10
  int until = 0;               ///< first major version without it; 0: still there
  std::string_view flag = {};  ///< dockerd's long flag where it is not the key itself
};

/// The newest major version whose keys are all in the table.
constexpr int newest_known_engine = 29;

const std::vector<DaemonKey>& daemon_keys();
/// nullptr: no engine knows it. Inner keys of `proxies` and `tlsopts` are found by their own name.
const DaemonKey* find_daemon_key(std::string_view name);

/// Keys whose value is one option, and those whose inner keys are options of their own.
bool is_flattened(std::string_view key, const JsonNode& value);

/// `the following directives don't match any configuration option: X` for each top-level key this
/// engine does not know, with the nearest name it does.
std::vector<Problem> unknown_daemon_keys(const JsonNode& root, std::string_view text,
                                         const EngineRelease& engine);

}  // namespace dtenv
