#pragma once

#include <string>
#include <string_view>

namespace dtenv {

/// /etc/os-release, as far as packages need it.
struct OsRelease {
  std::string id;  ///< "ubuntu", "debian"
  std::string id_like;
  std::string version_id;        ///< "22.04", "12"
  std::string version_codename;  ///< "jammy", "bookworm"
  std::string ubuntu_codename;   ///< on Ubuntu and its derivatives
  std::string pretty_name;

  bool is_debian_family() const;
  /// RHEL and what is built from it or for it: dnf and rpm.
  bool is_rhel_family() const;
  /// Whose repositories fit: "ubuntu" for Ubuntu and its derivatives, else "debian"; empty:
  /// neither.
  std::string family() const;
  /// RHEL and what is built like it, Fedora among them: rpm and dnf.
  bool is_rpm_family() const;
  /// Which of docker.com's rpm repositories fits: "rhel", "fedora" or "centos" (all the rest);
  /// empty: none.
  std::string rpm_family() const;
  /// "9" of "9.4".
  std::string major_version() const;
  /// ${UBUNTU_CODENAME:-$VERSION_CODENAME}; empty on sid.
  std::string suite() const;
};

OsRelease parse_os_release(std::string_view text);

}  // namespace dtenv
