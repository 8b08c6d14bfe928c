#pragma once

#include <string>

#include "base/result.hpp"

namespace dtenv {

/// A 0700 folder of this run for sockets and pinned keys; gone with the object. Its path is short,
/// since a unix socket's is at most 107 bytes.
class PrivateFolder {
 public:
  /// Below `base`, or below /run (if we may) or /tmp where it is empty. Folders of dead processes
  /// of this user are removed on the way.
  static Result<PrivateFolder> make(const std::string& base);
  ~PrivateFolder();
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace dtenv
