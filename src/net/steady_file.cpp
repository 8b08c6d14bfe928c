#include "net/steady_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dtenv {

Result<SteadyFile> SteadyFile::open(std::string path, bool follow_symlink) {
  // NONBLOCK: a pipe that has taken the file's place must not hold us up.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow_symlink ? 0 : O_NOFOLLOW);
  UniqueFd fd(::open(path.c_str(), flags));
  if (fd.get() < 0 && errno == ELOOP)
    return Error{Status::state, path + ": was a file, is a symlink now"};
  if (fd.get() < 0) return io_error(path + ": open", errno);
  struct stat state {};
  if (::fstat(fd.get(), &state) != 0) return io_error(path + ": stat", errno);
  if (!S_ISREG(state.st_mode)) return Error{Status::state, path + ": not a regular file"};
  SteadyFile file(std::move(path), std::move(fd));
  file.size_ = file.left_ = static_cast<std::uint64_t>(state.st_size);
  file.mode_ = state.st_mode & 07777;
  return file;
}

Result<std::string> SteadyFile::read(std::size_t most) {
  // One byte more than is left: a file that has grown is found out.
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(most, left_ + 1)), '\0');
  ssize_t count = 0;
  do {
    count = ::read(fd_.get(), piece.data(), piece.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return io_error(path_ + ": read", errno);
  piece.resize(static_cast<std::size_t>(count));
  if (piece.size() > left_) return Error{Status::state, path_ + ": grew while it was read"};
  if (piece.empty() && left_ > 0) return Error{Status::state, path_ + ": shrank while it was read"};
  left_ -= piece.size();
  return piece;
}

}  // namespace dtenv
