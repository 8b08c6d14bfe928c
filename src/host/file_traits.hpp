#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "host/host.hpp"

namespace dtenv {

/// What a rewrite keeps of a file, and what shows that somebody else wrote it meanwhile.
struct FileTraits {
  bool exists = false;
  std::uint32_t mode = 0;
  unsigned user = 0;
  unsigned group = 0;
  unsigned long inode = 0;
  long size = 0;
  timespec modified{};
  timespec changed{};

  bool same_as(const FileTraits& other) const;
};

/// An error where the file is one that an atomic write must not replace.
Result<FileTraits> look_at(int folder, const std::string& name, const std::string& path);

/// Owner and mode as wanted, else as the old file's, else 0644 and the acting user's. By fchown and
/// fchmod, in this order, so that it is never wider than it ends and no umask matters.
Result<void> set_owner_and_mode(int fd, const FileWrite& file,
                                std::optional<std::pair<unsigned, unsigned>> owner,
                                const FileTraits& old);

/// ACLs and security labels, as far as the file system takes them.
void copy_attributes(int folder, const std::string& name, int to);

}  // namespace dtenv
