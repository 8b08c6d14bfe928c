#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// A package as the package manager has it: one row of `dpkg-query -W -f
/// '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n'`.
struct DpkgRow {
  std::string status;  ///< "ii", "rc", "iU", "iFR", without blanks
  std::string package;
  std::string version;
  std::string architecture;

  bool installed() const;   ///< usable: state i, or waiting for or owing triggers
  bool unfinished() const;  ///< unpacked, half-installed or half-configured, or reinst-required
  bool held() const { return !status.empty() && status[0] == 'h'; }
};

/// Tabbed rows; the columns of `dpkg -l` are understood too, and its header passed over.
std::vector<DpkgRow> parse_dpkg_rows(std::string_view text);

/// `rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\n'`: what rpm lists is installed.
std::vector<DpkgRow> parse_rpm_rows(std::string_view text);

/// "nvidia-driver-550-server-open" → 550; nullopt where the name has no branch.
std::optional<int> driver_branch(std::string_view package);
/// The rows that carry a kernel module (dkms source, prebuilt modules, the metapackages of both).
bool is_module_package(std::string_view package);
/// The kernel module package says open.
bool is_open_package(std::string_view package);

}  // namespace dtenv
