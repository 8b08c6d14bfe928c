#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "host/host.hpp"

namespace dtenv {

/// Files of a machine that has only a POSIX shell to offer (dash, bash, busybox): each call is one
/// constant program, its data in argv and on stdin.
Task<Result<std::optional<FileState>>> shell_read(Host& host, std::string path, std::size_t limit);
/// Files that stand one behind the other in one folder go in one call.
Task<Result<void>> shell_write(Host& host, std::span<const FileWrite> files);

}  // namespace dtenv
