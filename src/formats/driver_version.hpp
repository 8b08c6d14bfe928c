#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace dtenv {

/// An NVIDIA driver version: "550.54.14", "384.81".
struct DriverVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;  ///< 0 where there are two parts
  auto operator<=>(const DriverVersion&) const = default;
};

/// Two or three decimal parts and nothing else.
std::optional<DriverVersion> parse_driver_version(std::string_view text);
/// As NVIDIA writes it: "525.60.13", "384.81", "580.65.06".
std::string show_driver_version(const DriverVersion& version);
/// The upstream part of a package version: "1:550.120-0ubuntu0.22.04" → "550.120".
std::string upstream_version(std::string_view package_version);
/// The first driver version that stands in `text` at or after `from`, as written; empty: none.
std::string find_driver_version(std::string_view text, std::size_t from = 0);

}  // namespace dtenv
