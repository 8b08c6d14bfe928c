#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "proc/unique_fd.hpp"

namespace dtenv {

/// A new file beside the one it is to replace, 0600, gone unless kept. Its name tells its maker:
/// `.NAME.dtenv.<machine and pid namespace>.<pid>.<start time>.<random>`.
class TempFile {
 public:
  static Result<TempFile> make(int folder, const std::string& folder_path, const std::string& name);
  ~TempFile();
  TempFile(TempFile&& other) noexcept;
  TempFile& operator=(TempFile&&) = delete;
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }
  Result<void> write(std::string_view bytes);
  /// It has got its real name (or is somebody else's now): nothing to remove.
  void keep() { name_.clear(); }

 private:
  TempFile(int folder, std::string folder_path, std::string name, UniqueFd fd);
  int folder_;
  std::string folder_path_;
  std::string name_;
  UniqueFd fd_;
};

/// Removes what dead processes left of earlier writes of `name`. Those of living ones stay, as do
/// recent ones of another machine or container that shares the folder.
void remove_stale_temps(int folder, const std::string& name);

}  // namespace dtenv
