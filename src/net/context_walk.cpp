#include "net/context_walk.hpp"

#include <algorithm>
#include <boost/filesystem/operations.hpp>

namespace dtenv {

namespace {

namespace fs = boost::filesystem;

constexpr int deepest = 200;

class Walker {
 public:
  explicit Walker(const Walk& walk) : walk_(walk) {}

  Result<std::vector<WalkedFile>> run() {
    DT_TRY(enter("", 0));
    return std::move(found_);
  }

 private:
  Error error(const std::string& path, const boost::system::error_code& code) const {
    return io_error(full(path).native(), code.value());
  }
  fs::path full(const std::string& path) const {
    return path.empty() ? fs::path(walk_.folder) : fs::path(walk_.folder) / path;
  }

  Result<void> enter(const std::string& folder, int depth) {
    if (depth > deepest) return Error{Status::config, folder + ": folders nested too deeply"};
    boost::system::error_code failed;
    std::vector<std::string> names;
    for (fs::directory_iterator at(full(folder), failed), end; !failed && at != end;
         at.increment(failed))
      names.push_back(at->path().filename().native());
    if (failed) return error(folder, failed);
    std::sort(names.begin(), names.end());
    for (const auto& name : names) {
      DT_TRY(visit(folder.empty() ? name : folder + '/' + name, depth));
    }
    return {};
  }

  Result<void> visit(const std::string& path, int depth) {
    boost::system::error_code failed;
    const auto type = fs::symlink_status(full(path), failed).type();
    if (type == fs::file_not_found) return {};  // gone since the folder was read
    if (type == fs::status_error) return error(path, failed);
    if (type == fs::socket_file) return {};
    bool excluded = false;
    if (walk_.excludes) {
      DT_TRY_ASSIGN(excluded, walk_.excludes(path));
    }
    if (!excluded) {
      DT_TRY_ASSIGN(const FileKind kind, kind_of(type, path));
      add_parents();
      found_.push_back({path, kind});
    }
    if (type != fs::directory_file || (excluded && !walk_.walk_excluded)) return {};
    if (excluded) unsent_.push_back(path);
    DT_TRY(enter(path, depth + 1));
    if (!unsent_.empty() && unsent_.back() == path) unsent_.pop_back();
    return {};
  }

  Result<FileKind> kind_of(fs::file_type type, const std::string& path) const {
    if (type == fs::regular_file) return FileKind::file;
    if (type == fs::directory_file) return FileKind::folder;
    if (type == fs::symlink_file) return FileKind::symlink;
    if (type == fs::fifo_file) return FileKind::pipe;
    return Error{Status::config, full(path).native() + ": a device cannot be in a build context"};
  }

  /// An excluded folder is sent all the same once something in it is kept, as BuildKit does:
  /// its mode would be made up otherwise.
  void add_parents() {
    for (const auto& folder : unsent_) found_.push_back({folder, FileKind::folder});
    unsent_.clear();
  }

  const Walk& walk_;
  std::vector<WalkedFile> found_;
  std::vector<std::string> unsent_;  // the excluded folders above here, outermost first
};

}  // namespace

Result<std::vector<WalkedFile>> walk_folder(const Walk& walk) {
  return Walker(walk).run();
}

}  // namespace dtenv
