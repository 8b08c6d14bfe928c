#include "files.hpp"

#include <dtenv/dtenv.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "exit_code.hpp"

namespace command {
namespace {

std::string read_descriptor(int fd, const std::string& name) {
  std::string text;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
    if (got == 0) break;
    if (got < 0 && errno != EINTR)
      throw FileError(name + ": " + std::strerror(errno), exit_no_input);
  }
  // The library takes texts that end at the first NUL: what stands behind one would be lost.
  if (const auto nul = text.find('\0'); nul != std::string::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(nul), '\n');
    throw FileError(name + ":" + std::to_string(line) + ": a NUL byte: this is no text file",
                    exit_code_of(DTENV_E_CONFIG));
  }
  return text;
}

}  // namespace

std::string read_input(const std::string& path) {
  if (path == "-") return read_descriptor(STDIN_FILENO, "stdin");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw FileError(path + ": " + std::strerror(errno), exit_no_input);
  const struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{fd};
  return read_descriptor(fd, path);
}

void write_file(const std::string& path, const std::string& text) {
  struct stat there {};
  // A pipe or /dev/stdout is written to as it is; a rename would replace it.
  const bool is_special = ::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode);
  const std::string target = is_special ? path : path + ".new." + std::to_string(::getpid());
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file || (!is_special && std::rename(target.c_str(), path.c_str()) != 0)) {
    const std::string why = std::strerror(errno);
    if (!is_special) ::unlink(target.c_str());
    throw FileError(path + ": " + why, exit_cannot_write);
  }
}

std::string read_secret(const std::string& source) {
  std::string value = source[0] == '@'
                          ? read_input(source.substr(1))
                          : read_descriptor(std::atoi(source.c_str() + std::strlen("fd:")), source);
  if (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

}  // namespace command
