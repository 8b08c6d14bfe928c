#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

enum class FileKind { file, folder, symlink, pipe };

/// One thing below a folder: its path from there, with "/" between the parts.
struct WalkedFile {
  std::string path;
  FileKind kind = FileKind::file;
};

struct Walk {
  std::string folder;
  /// Whether a path is left out; empty: nothing is.
  std::function<Result<bool>(std::string_view path)> excludes;
  /// Look into excluded folders too: exceptions may want something in there.
  bool walk_excluded = false;
};

/// Everything that is kept, sorted by name within each folder, a folder before what it holds.
/// Symlinks are not followed, sockets are left out; a device is an error.
Result<std::vector<WalkedFile>> walk_folder(const Walk& walk);

}  // namespace dtenv
