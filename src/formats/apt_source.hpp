#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// One repository of apt, from a one-line entry or a deb822 stanza.
struct AptSource {
  std::vector<std::string> types = {"deb"};
  std::vector<std::string> uris;
  std::vector<std::string> suites;
  std::vector<std::string> components;  ///< none where the suite ends in '/'
  std::vector<std::string> architectures;
  std::string signed_by;  ///< a keyring's path or fingerprints; an inline key block as written
  bool enabled = true;
  std::vector<std::pair<std::string, std::string>> options;  ///< the rest, in order
  int line = 0;                                              ///< where it begins
};

/// A .sources file: stanzas with continuation lines and comments. CONFIG with the line of a stanza
/// that lacks Types, URIs or Suites, or of a line that is no field.
Result<std::vector<AptSource>> parse_apt_deb822(std::string_view text, std::string_view name);
/// A .list file: `deb [arch=amd64 signed-by=…] URI SUITE COMPONENT…`; commented entries are passed
/// over.
Result<std::vector<AptSource>> parse_apt_one_line(std::string_view text, std::string_view name);
std::string render_apt_deb822(const AptSource& source);

/// A file of /etc/apt, by its path: .sources is deb822, all else one-line.
struct AptFile {
  std::string path;
  std::string text;
};

/// Another file that names the same repository with another Signed-By: apt refuses all of them
/// then.
struct SignedByConflict {
  std::string path;
  int line = 0;
  std::string uri;
  std::string signed_by;  ///< what stands there; empty: nothing
};

/// What in `files` conflicts with `wanted`, `own_path` aside. Files that cannot be read as apt
/// reads them are left out: apt says what is wrong with them itself.
std::vector<SignedByConflict> find_signed_by_conflicts(const std::vector<AptFile>& files,
                                                       const AptSource& wanted,
                                                       std::string_view own_path);

/// The archive's own URI of a machine: the first enabled deb source with a component "main" and one
/// of these suites. Empty: none.
std::string archive_uri(const std::vector<AptFile>& files, std::string_view suite);

}  // namespace dtenv
