#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "proc/unique_fd.hpp"

namespace dtenv {

/// A file's place: its folder, held open, and its name in it.
struct FilePlace {
  UniqueFd folder;
  std::string folder_path;  ///< with every symbolic link resolved
  std::string name;
};

/// What to do about folders that are missing on the way.
struct MissingFolders {
  bool make = false;
  std::uint32_t mode = 0755;
  std::optional<std::pair<unsigned, unsigned>> owner;
};

/// Opens the folder of `path`, component by component. A symbolic link on the way is followed only
/// if root or the acting user made it: another's could lead a write anywhere.
Result<FilePlace> open_folder_of(const std::string& path, const MissingFolders& missing);

/// "12:34" as two numbers.
std::optional<std::pair<unsigned, unsigned>> parse_owner(std::string_view text);

}  // namespace dtenv
