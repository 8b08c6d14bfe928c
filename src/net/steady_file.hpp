#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "proc/unique_fd.hpp"

namespace dtenv {

/// A regular file that is read to the size it had when it was opened. Anything else is STATE: what
/// is sent must be what was there.
class SteadyFile {
 public:
  static Result<SteadyFile> open(std::string path, bool follow_symlink = false);

  std::uint64_t size() const { return size_; }
  std::uint32_t mode() const { return mode_; }
  /// The next piece, empty at the end.
  Result<std::string> read(std::size_t most);

 private:
  SteadyFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
  std::uint64_t left_ = 0;
  std::uint32_t mode_ = 0;
};

}  // namespace dtenv
