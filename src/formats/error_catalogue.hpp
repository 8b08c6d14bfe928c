#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace dtenv {

/// A known error: its text, what it means, and what to do. An entry matches a text that holds every
/// part of `all` (in any case of letters) and not `unless`.
struct KnownError {
  std::string_view id;
  std::string_view all[3];
  std::string_view unless;
  std::string_view cause;
  std::string_view repair;
};

/// Every entry that matches, in the catalogue's order, each id once.
std::vector<const KnownError*> explain(std::string_view text);
std::vector<std::span<const KnownError>> error_catalogue();

/// The parts of the catalogue, one file each.
std::span<const KnownError> launch_errors();
std::span<const KnownError> driver_errors();
std::span<const KnownError> engine_errors();
std::span<const KnownError> api_errors();
std::span<const KnownError> daemon_errors();
std::span<const KnownError> package_errors();

}  // namespace dtenv
