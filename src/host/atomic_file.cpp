#include "host/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "host/file_traits.hpp"
#include "host/safe_folder.hpp"
#include "host/temp_file.hpp"

namespace dtenv {

namespace {

constexpr int max_links = 20;

/// Where the content goes: `path` itself, or what the link at it names, if it is to be followed.
Result<FilePlace> place_of(const FileWrite& file, const MissingFolders& missing) {
  std::string path = file.path;
  for (int links = 0; links < max_links; ++links) {
    DT_TRY_ASSIGN(FilePlace place, open_folder_of(path, missing));
    struct stat info {};
    if (::fstatat(place.folder.get(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISLNK(info.st_mode) == 0)
      return place;
    if (!file.follow_symlink)
      return Error{Status::io, file.path + ": a symbolic link; a write would replace it"};
    if (info.st_uid != 0 && info.st_uid != ::geteuid())
      return Error{Status::io, file.path + ": a symbolic link of user " +
                                   std::to_string(info.st_uid) + "; not followed"};
    std::array<char, PATH_MAX> target{};
    const ssize_t length =
        ::readlinkat(place.folder.get(), place.name.c_str(), target.data(), target.size());
    if (length < 0) return io_error(path, errno);
    const std::string text(target.data(), static_cast<std::size_t>(length));
    path = starts_with(text, "/") ? text : place.folder_path + "/" + text;
  }
  return io_error(file.path, ELOOP);
}

Error stale(const std::string& path, std::string_view what) {
  return {Status::plan_stale, path + ": " + std::string(what)};
}

Result<std::string> digest_of(int folder, const std::string& name, const std::string& path) {
  const UniqueFd fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return io_error(path + ": open", errno);
  Sha256 digest;
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error(path + ": read", errno);
    if (count == 0) return digest.finish();
    digest.update({buffer.data(), static_cast<std::size_t>(count)});
  }
}

Result<void> check_expected(const FileWrite& file, const FilePlace& place, const FileTraits& old) {
  if (!file.expected_sha256) return {};
  if (file.expected_sha256->empty())
    return old.exists ? stale(file.path, "exists, and was expected to be absent") : Result<void>{};
  if (!old.exists) return stale(file.path, "is gone");
  DT_TRY_ASSIGN(const std::string digest, digest_of(place.folder.get(), place.name, file.path));
  if (digest != *file.expected_sha256) return stale(file.path, "changed since it was read");
  return {};
}

Result<void> sync_folder(const FilePlace& place) {
  if (::fsync(place.folder.get()) != 0) return io_error(place.folder_path + ": fsync", errno);
  return {};
}

bool exchange(const FilePlace& place, const TempFile& temp) {
  const int folder = place.folder.get();
  return ::renameat2(folder, temp.name().c_str(), folder, place.name.c_str(), RENAME_EXCHANGE) == 0;
}

/// Trades places with the file that is expected there, and back again where it is another one: what
/// somebody put there between the last look and now. nullopt: this folder cannot do that.
Result<std::optional<bool>> trade_places(const FileWrite& file, const FilePlace& place,
                                         const TempFile& temp) {
  const int folder = place.folder.get();
  if (!exchange(place, temp)) return std::optional<bool>();
  DT_TRY_ASSIGN(std::string behind, digest_of(folder, temp.name(), file.path));
  if (behind == *file.expected_sha256) return std::optional(true);
  const std::string own = sha256(file.content);
  for (int tries = 0; behind != own && tries < max_links; ++tries) {
    if (!exchange(place, temp)) return io_error(file.path + ": rename", errno);
    DT_TRY_ASSIGN(behind, digest_of(folder, temp.name(), file.path));
  }
  return std::optional(false);
}

/// Puts the temp at its real name. A file that must be absent is not replaced, whoever made it
/// meanwhile, and one that must be as expected is not lost where it is not.
Result<void> put_in_place(const FileWrite& file, const FilePlace& place, TempFile& temp) {
  const bool must_be_absent = file.expected_sha256 && file.expected_sha256->empty();
  const int folder = place.folder.get();
  int failed = 0;
  if (file.expected_sha256 && !must_be_absent) {
    DT_TRY_ASSIGN(const auto traded, trade_places(file, place, temp));
    if (traded && !*traded) return stale(file.path, "changed while it was being written");
    if (traded) return sync_folder(place);
  }
  if (must_be_absent) {
    failed = ::renameat2(folder, temp.name().c_str(), folder, place.name.c_str(), RENAME_NOREPLACE);
    if (failed != 0 && errno == EEXIST) return stale(file.path, "was made meanwhile");
  }
  if (!must_be_absent || (failed != 0 && errno == EINVAL))
    failed = ::renameat(folder, temp.name().c_str(), folder, place.name.c_str());
  if (failed != 0 && errno == EBUSY)
    return Error{Status::io, file.path + ": is bind mounted and cannot be replaced"};
  if (failed != 0) return io_error(file.path + ": rename", errno);
  temp.keep();
  return sync_folder(place);
}

}  // namespace

Result<bool> try_write_file(const FileWrite& file) {
  MissingFolders missing;
  missing.make = file.make_folders;
  missing.mode = file.folder_mode.value_or(0755);
  missing.owner = parse_owner(file.owner);
  if (!file.owner.empty() && !missing.owner)
    return Error{Status::invalid, file.path + ": the owner is not uid:gid: " + visible(file.owner)};
  DT_TRY_ASSIGN(const FilePlace place, place_of(file, missing));
  const int folder = place.folder.get();
  // Where the file system has no locks for folders, there is none to wait for.
  if (::flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  remove_stale_temps(folder, place.name);
  DT_TRY_ASSIGN(const FileTraits old, look_at(folder, place.name, file.path));
  DT_TRY(check_expected(file, place, old));

  DT_TRY_ASSIGN(TempFile temp, TempFile::make(folder, place.folder_path, place.name));
  DT_TRY(temp.write(file.content));
  if (old.exists && file.keep_attributes) copy_attributes(folder, place.name, temp.fd());
  DT_TRY(set_owner_and_mode(temp.fd(), file, missing.owner, old));
  if (::fsync(temp.fd()) != 0) return io_error(file.path + ": fsync", errno);

  DT_TRY_ASSIGN(const FileTraits now, look_at(folder, place.name, file.path));
  if (!now.same_as(old)) return stale(file.path, "changed while it was being written");
  DT_TRY(put_in_place(file, place, temp));
  return true;
}

Error locked_error(const std::string& path) {
  return {Status::io, path + ": another writer holds its folder"};
}

Result<void> write_file(const FileWrite& file) {
  DT_TRY_ASSIGN(const bool written, try_write_file(file));
  return written ? Result<void>{} : locked_error(file.path);
}

Result<std::optional<FileState>> read_file(const std::string& path, std::size_t limit) {
  if (!starts_with(path, "/")) return Error{Status::invalid, visible(path) + ": not absolute"};
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::optional<FileState>();
  if (!fd) return io_error(path + ": open", errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return io_error(path + ": stat", errno);
  if (S_ISREG(info.st_mode) == 0)
    return Error{Status::io,
                 path + (S_ISDIR(info.st_mode) != 0 ? ": a folder" : ": not a regular file")};
  FileState state;
  state.mode = info.st_mode & 07777;
  state.owner = std::to_string(info.st_uid) + ":" + std::to_string(info.st_gid);
  // To the end and not by st_size: /proc says 0.
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error(path + ": read", errno);
    if (count == 0) return std::optional(std::move(state));
    state.content.append(buffer.data(), static_cast<std::size_t>(count));
    if (state.content.size() > limit)
      return Error{Status::io, path + ": larger than " + std::to_string(limit) + " bytes"};
  }
}

}  // namespace dtenv
