#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "host/host.hpp"

namespace dtenv {

/// The one writer of this machine's files: whoever reads, and whenever the power goes, finds the
/// old content or the new. Owner, mode and extended attributes are kept. Refused: a symbolic link
/// (unless it is to be followed), what is no regular file, what has other hard links, what is bind
/// mounted. PLAN_STALE where the file is not as expected, or changes while it is being written.
/// Writers of dtenv keep out of each other's way by a lock of the folder, which dies with its
/// holder and leaves nothing behind; false: somebody holds it now.
Result<bool> try_write_file(const FileWrite& file);
/// The same for a folder that nobody else writes in.
Result<void> write_file(const FileWrite& file);
Error locked_error(const std::string& path);

/// nullopt: there is none. A folder, a device or a file above `limit` is an error.
Result<std::optional<FileState>> read_file(const std::string& path, std::size_t limit);

}  // namespace dtenv
