#include "formats/os_release.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dtenv {
namespace {

/// A value as a shell would read it: quotes gone, backslashes undone.
std::string unquote(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front()) {
    const bool double_quotes = value.front() == '"';
    value = value.substr(1, value.size() - 2);
    if (!double_quotes) return std::string(value);
  }
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    out += value[i];
  }
  return out;
}

bool has_word(std::string_view text, std::string_view word) {
  const auto words = split_words(text);
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool OsRelease::is_debian_family() const {
  return !family().empty();
}

bool OsRelease::is_rhel_family() const {
  for (const std::string_view name : {"rhel", "fedora", "centos", "rocky", "almalinux"})
    if (id == name || has_word(id_like, name)) return true;
  return false;
}

std::string OsRelease::family() const {
  if (id == "ubuntu" || has_word(id_like, "ubuntu")) return "ubuntu";
  if (id == "debian" || has_word(id_like, "debian")) return "debian";
  return {};
}

bool OsRelease::is_rpm_family() const {
  return !rpm_family().empty();
}

std::string OsRelease::rpm_family() const {
  if (id == "rhel" || id == "fedora") return id;
  for (const std::string_view word : {"rhel", "centos", "fedora"})
    if (id == word || has_word(id_like, word)) return "centos";
  return {};
}

std::string OsRelease::major_version() const {
  return version_id.substr(0, version_id.find('.'));
}

std::string OsRelease::suite() const {
  return ubuntu_codename.empty() ? version_codename : ubuntu_codename;
}

OsRelease parse_os_release(std::string_view text) {
  OsRelease out;
  for (const auto raw : split_lines(text)) {
    const auto line = trim(raw);
    const auto equals = line.find('=');
    if (line.empty() || line.front() == '#' || equals == std::string_view::npos) continue;
    const auto key = line.substr(0, equals);
    const auto value = unquote(line.substr(equals + 1));
    if (key == "ID") out.id = value;
    if (key == "ID_LIKE") out.id_like = value;
    if (key == "VERSION_ID") out.version_id = value;
    if (key == "VERSION_CODENAME") out.version_codename = value;
    if (key == "UBUNTU_CODENAME") out.ubuntu_codename = value;
    if (key == "PRETTY_NAME") out.pretty_name = value;
  }
  return out;
}

}  // namespace dtenv
