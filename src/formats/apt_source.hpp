#pragma once

#include <map>
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

/// A file of /etc/apt, by its path: .sources is deb822, all else one-line.
struct AptFile {
  std::string path;
  std::string text;
};

/// A .sources file: stanzas with continuation lines and comments. CONFIG with the line of a stanza
/// that lacks Types, URIs or Suites, or of a line that is no field.
Result<std::vector<AptSource>> parse_apt_deb822(std::string_view text, std::string_view name);
/// A .list file: `deb [arch=amd64 signed-by=…] URI SUITE COMPONENT…`; commented entries are passed
/// over.
Result<std::vector<AptSource>> parse_apt_one_line(std::string_view text, std::string_view name);
/// Either, by the file's name.
Result<std::vector<AptSource>> parse_apt_file(const AptFile& file);
std::string render_apt_deb822(const AptSource& source);

/// An enabled entry of another file for the same repository (URI and suite). apt refuses to work at
/// all where two of them have different words in Signed-By, be it the same key.
struct AptEntry {
  std::string path;
  int line = 0;
  std::string uri;        ///< as written
  std::string signed_by;  ///< what stands there; empty: nothing
  bool serves = false;    ///< has all of the wanted one's types, components and architectures
};

/// The entries in `files` for the repository `wanted`, `own_path` aside. Files that cannot be read
/// as apt reads them are left out: apt says what is wrong with them itself.
std::vector<AptEntry> find_same_repository(const std::vector<AptFile>& files,
                                           const AptSource& wanted, std::string_view own_path);

/// Fingerprints of the primary keys in a keyring file, by its path.
using Keyrings = std::map<std::string, std::vector<std::string>>;
/// The keyring files that the entries of all files name, each once.
std::vector<std::string> signed_by_paths(const std::vector<AptFile>& files);
/// The fingerprints a Signed-By comes to: of its keyring files, as written, or of the key embedded
/// in it.
std::vector<std::string> signed_by_fingerprints(std::string_view signed_by,
                                                const Keyrings& keyrings);

/// A one-line file with the entries commented out whose URI begins with one of `prefixes`; the same
/// text where there are none.
std::string comment_out_entries(std::string_view text, const std::vector<std::string>& prefixes);

/// The archive's own URI of a machine: the first enabled deb source with a component "main" and one
/// of these suites. Empty: none.
std::string archive_uri(const std::vector<AptFile>& files, std::string_view suite);

}  // namespace dtenv
