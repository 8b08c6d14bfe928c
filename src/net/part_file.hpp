#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/result.hpp"
#include "proc/unique_fd.hpp"

namespace dtenv {

/// A file while it is being fetched: it lies beside its place under another name, and goes with
/// this object unless it was kept.
class PartFile {
 public:
  static Result<PartFile> create(std::string path);
  ~PartFile();
  PartFile(PartFile&& other) noexcept = default;
  PartFile& operator=(PartFile&&) = delete;
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  Result<void> write(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  /// Of all that was written; no more is taken after it.
  std::string digest() { return hash_.finish(); }
  /// Synced and renamed to its place.
  Result<void> keep();

 private:
  PartFile(std::string path, std::string part, UniqueFd fd)
      : path_(std::move(path)), part_(std::move(part)), fd_(std::move(fd)) {}

  std::string path_;
  std::string part_;
  UniqueFd fd_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
};

}  // namespace dtenv
