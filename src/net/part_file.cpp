#include "net/part_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/text.hpp"

namespace dtenv {

Result<PartFile> PartFile::create(std::string path) {
  std::string part = path + '.' + hex(random_bytes(6)) + ".part";
  UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return io_error(part + ": create", errno);
  return PartFile(std::move(path), std::move(part), std::move(fd));
}

PartFile::~PartFile() {
  if (fd_) ::unlink(part_.c_str());
}

Result<void> PartFile::write(std::string_view bytes) {
  hash_.update(bytes);
  size_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error(part_ + ": write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> PartFile::keep() {
  if (::fsync(fd_.get()) != 0) return io_error(part_ + ": sync", errno);
  if (::rename(part_.c_str(), path_.c_str()) != 0) return io_error(path_ + ": rename", errno);
  fd_.reset();  // from here on nothing is to be removed
  const auto slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened && ::fsync(opened.get()) != 0) return io_error(folder + ": sync", errno);
  return {};
}

}  // namespace dtenv
