#include "host/safe_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "base/text.hpp"

namespace dtenv {

namespace {

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int max_links = 40;

class Walk {
 public:
  Walk(const std::string& whole, const MissingFolders& missing)
      : whole_(whole), missing_(missing) {}

  Result<FilePlace> to(std::string_view folders, std::string name) {
    DT_TRY(restart());
    queue(folders);
    while (!left_.empty()) {
      const std::string part = std::move(left_.front());
      left_.pop_front();
      DT_TRY(enter(part));
    }
    FilePlace place;
    // Opened again for reading: the folder itself has to be synced and listed.
    place.folder.reset(::openat(at_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!place.folder) return io_error(shown() + ": open", errno);
    place.folder_path = shown();
    place.name = std::move(name);
    return place;
  }

 private:
  std::string shown() const { return path_.empty() ? "/" : path_; }

  Result<void> restart() {
    at_.reset(::open("/", folder_flags));
    path_.clear();
    if (!at_) return io_error("/: open", errno);
    return {};
  }

  void queue(std::string_view folders) {
    std::deque<std::string> parts;
    for (std::string& part : split(folders, '/'))
      if (!part.empty() && part != ".") parts.push_back(std::move(part));
    left_.insert(left_.begin(), parts.begin(), parts.end());
  }

  Result<void> enter(const std::string& part) {
    const std::string path = path_ + "/" + part;
    UniqueFd next(::openat(at_.get(), part.c_str(), folder_flags));
    if (!next && errno == ENOENT && missing_.make) {
      DT_TRY(make(part, path));
      next.reset(::openat(at_.get(), part.c_str(), folder_flags));
    }
    // O_DIRECTORY with O_NOFOLLOW says ENOTDIR of a link.
    if (!next && (errno == ENOTDIR || errno == ELOOP)) return follow(part, path);
    if (!next) return io_error(path, errno);
    at_ = std::move(next);
    path_ = part == ".."
                ? path_.substr(0, path_.rfind('/') == std::string::npos ? 0 : path_.rfind('/'))
                : path;
    return {};
  }

  Result<void> follow(const std::string& part, const std::string& path) {
    struct stat info {};
    if (::fstatat(at_.get(), part.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      return io_error(path, errno);
    if (S_ISLNK(info.st_mode) == 0) return io_error(path, ENOTDIR);
    if (info.st_uid != 0 && info.st_uid != ::geteuid())
      return Error{Status::io, whole_ + ": " + path + " is a symbolic link of user " +
                                   std::to_string(info.st_uid) + "; not followed"};
    if (++links_ > max_links) return io_error(whole_, ELOOP);
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(at_.get(), part.c_str(), target.data(), target.size());
    if (length < 0) return io_error(path, errno);
    const std::string_view text(target.data(), static_cast<std::size_t>(length));
    if (starts_with(text, "/")) {
      DT_TRY(restart());
    }
    queue(text);
    return {};
  }

  Result<void> make(const std::string& part, const std::string& path) {
    if (::mkdirat(at_.get(), part.c_str(), 0700) != 0 && errno != EEXIST)
      return io_error(path + ": make the folder", errno);
    const UniqueFd made(
        ::openat(at_.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return io_error(path, errno);
    if (missing_.owner && ::fchown(made.get(), missing_.owner->first, missing_.owner->second) != 0)
      return io_error(path + ": change the owner", errno);
    // By fchmod: mkdir's mode would depend on the embedding process's umask.
    if (::fchmod(made.get(), missing_.mode) != 0) return io_error(path + ": chmod", errno);
    return {};
  }

  const std::string& whole_;
  const MissingFolders& missing_;
  UniqueFd at_;
  std::string path_;
  std::deque<std::string> left_;
  int links_ = 0;
};

}  // namespace

Result<FilePlace> open_folder_of(const std::string& path, const MissingFolders& missing) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? "" : path.substr(slash + 1);
  if (!starts_with(path, "/") || path.find('\0') != std::string::npos)
    return Error{Status::invalid, visible(path) + ": not an absolute path"};
  if (name.empty() || name == "." || name == "..")
    return Error{Status::invalid, visible(path) + ": names no file"};
  return Walk(path, missing).to(std::string_view(path).substr(0, slash), name);
}

std::optional<std::pair<unsigned, unsigned>> parse_owner(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto user = parse_integer(text.substr(0, colon), 0, UINT_MAX - 1);
  const auto group = parse_integer(text.substr(colon + 1), 0, UINT_MAX - 1);
  if (!user || !group) return std::nullopt;
  return std::pair(static_cast<unsigned>(*user), static_cast<unsigned>(*group));
}

}  // namespace dtenv
