#include "host/file_traits.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "proc/unique_fd.hpp"

namespace dtenv {

namespace {

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool is_mount_point(int folder, const std::string& name) {
  struct statx info {};
  if (::statx(folder, name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &info) != 0) return false;
  return (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&
         (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

}  // namespace

bool FileTraits::same_as(const FileTraits& other) const {
  if (!exists || !other.exists) return exists == other.exists;
  return inode == other.inode && size == other.size && same_time(modified, other.modified) &&
         same_time(changed, other.changed);
}

Result<FileTraits> look_at(int folder, const std::string& name, const std::string& path) {
  struct stat info {};
  FileTraits traits;
  if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return traits;
    return io_error(path, errno);
  }
  if (S_ISLNK(info.st_mode) != 0) return Error{Status::io, path + ": a symbolic link"};
  if (S_ISDIR(info.st_mode) != 0) return Error{Status::io, path + ": a folder"};
  if (S_ISREG(info.st_mode) == 0) return Error{Status::io, path + ": not a regular file"};
  if (info.st_nlink > 1)
    return Error{Status::io, path + ": has " + std::to_string(info.st_nlink) +
                                 " hard links; a write would part them"};
  if (is_mount_point(folder, name))
    return Error{Status::io, path + ": is bind mounted and cannot be replaced"};
  traits.exists = true;
  traits.mode = info.st_mode & 07777;
  traits.user = info.st_uid;
  traits.group = info.st_gid;
  traits.inode = info.st_ino;
  traits.size = info.st_size;
  traits.modified = info.st_mtim;
  traits.changed = info.st_ctim;
  return traits;
}

Result<void> set_owner_and_mode(int fd, const FileWrite& file,
                                std::optional<std::pair<unsigned, unsigned>> owner,
                                const FileTraits& old) {
  struct stat made {};
  if (::fstat(fd, &made) != 0) return io_error(file.path + ": stat", errno);
  if (!owner && old.exists) owner = std::pair(old.user, old.group);
  if (owner && (owner->first != made.st_uid || owner->second != made.st_gid) &&
      ::fchown(fd, owner->first, owner->second) != 0)
    return io_error(file.path + ": give it to " + std::to_string(owner->first) + ":" +
                        std::to_string(owner->second),
                    errno);
  const std::uint32_t mode = file.mode.value_or(old.exists ? old.mode : 0644);
  if (::fchmod(fd, mode & 07777) != 0) return io_error(file.path + ": chmod", errno);
  return {};
}

void copy_attributes(int folder, const std::string& name, int to) {
  const UniqueFd from(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!from) return;
  std::vector<char> names(std::size_t{64} << 10);
  const ssize_t length = ::flistxattr(from.get(), names.data(), names.size());
  for (ssize_t at = 0; at < length;) {
    const std::string attribute(&names[static_cast<std::size_t>(at)]);
    at += static_cast<ssize_t>(attribute.size()) + 1;
    std::vector<char> value(std::size_t{64} << 10);
    const ssize_t size = ::fgetxattr(from.get(), attribute.c_str(), value.data(), value.size());
    if (size >= 0)
      ::fsetxattr(to, attribute.c_str(), value.data(), static_cast<std::size_t>(size), 0);
  }
}

}  // namespace dtenv
