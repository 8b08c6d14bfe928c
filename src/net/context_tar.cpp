#include "net/context_tar.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <memory>
#include <optional>

#include "net/steady_file.hpp"

namespace dtenv {

namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10;

struct ArchiveDeleter {
  void operator()(archive* a) const { archive_write_free(a); }
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

/// Makes the tar's bytes as they are asked for.
class TarWriter {
 public:
  TarWriter(ContextTar context, std::vector<WalkedFile> files)
      : context_(std::move(context)),
        files_(std::move(files)),
        archive_(archive_write_new()),
        entry_(archive_entry_new()) {}

  Result<void> open() {
    // GNU tar: names are bytes whatever the locale. libarchive's pax crashes on a UTF-8 name under
    // LC_ALL=C (3.6.2), and with hdrcharset=BINARY begins with an extended header, which BuildKit
    // takes for the first line of a Dockerfile.
    const bool fine = archive_ && entry_ &&
                      archive_write_set_format_gnutar(archive_.get()) == ARCHIVE_OK &&
                      archive_write_set_bytes_in_last_block(archive_.get(), 1) == ARCHIVE_OK &&
                      archive_write_open2(archive_.get(), this, nullptr, &TarWriter::on_write,
                                          nullptr, nullptr) == ARCHIVE_OK;
    return fine ? Result<void>{} : Error{Status::internal, "a tar stream cannot be made"};
  }

  /// The next piece, empty at the end.
  Result<std::string> next() {
    while (made_.size() < piece_size && !ended_) {
      if (file_) {
        DT_TRY(copy_file());
      } else if (next_extra_ < context_.extra.size()) {
        DT_TRY(add_extra(context_.extra[next_extra_++]));
      } else if (next_file_ < files_.size()) {
        DT_TRY(add_file(files_[next_file_++]));
      } else {
        if (archive_write_close(archive_.get()) != ARCHIVE_OK) return error("closing");
        ended_ = true;
      }
    }
    return std::exchange(made_, {});
  }

 private:
  static la_ssize_t on_write(archive*, void* self, const void* data, std::size_t size) {
    static_cast<TarWriter*>(self)->made_.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }

  Error error(const std::string& what) const {
    const char* words = archive_error_string(archive_.get());
    return {Status::io, "build context: " + what + ": " + (words != nullptr ? words : "failed")};
  }

  Result<void> begin(const std::string& path, unsigned type, std::uint32_t mode, std::uint64_t size,
                     const std::string& link = {}) {
    archive_entry_clear(entry_.get());
    archive_entry_set_pathname(entry_.get(), path.c_str());
    archive_entry_set_filetype(entry_.get(), type);
    archive_entry_set_perm(entry_.get(), mode);
    archive_entry_set_size(entry_.get(), static_cast<la_int64_t>(size));
    archive_entry_set_mtime(entry_.get(), context_.mtime, 0);
    archive_entry_set_uid(entry_.get(), 0);
    archive_entry_set_gid(entry_.get(), 0);
    if (!link.empty()) archive_entry_set_symlink(entry_.get(), link.c_str());
    // A warning here means a header that says something else than the file.
    if (archive_write_header(archive_.get(), entry_.get()) != ARCHIVE_OK) return error(path);
    return {};
  }

  Result<void> write(std::string_view bytes) {
    if (bytes.empty()) return {};
    const auto count = archive_write_data(archive_.get(), bytes.data(), bytes.size());
    if (count != static_cast<la_ssize_t>(bytes.size())) return error("writing");
    return {};
  }

  Result<void> add_extra(const TarEntry& entry) {
    DT_TRY(begin(entry.path, AE_IFREG, entry.mode, entry.content.size()));
    return write(entry.content);
  }

  Result<void> add_file(const WalkedFile& file) {
    const auto is_same = [&](const TarEntry& entry) { return entry.path == file.path; };
    if (std::any_of(context_.extra.begin(), context_.extra.end(), is_same)) return {};
    const std::string path = (boost::filesystem::path(context_.walk.folder) / file.path).native();
    if (file.kind == FileKind::file) {
      DT_TRY_ASSIGN(SteadyFile opened, SteadyFile::open(path));
      DT_TRY(begin(file.path, AE_IFREG, opened.mode(), opened.size()));
      file_.emplace(std::move(opened));
      return {};
    }
    if (file.kind == FileKind::symlink) {
      boost::system::error_code failed;
      const auto link = boost::filesystem::read_symlink(path, failed);
      if (failed) return io_error(path + ": read the link", failed.value());
      return begin(file.path, AE_IFLNK, 0777, 0, link.native());
    }
    struct stat state {};
    if (::lstat(path.c_str(), &state) != 0) return io_error(path + ": stat", errno);
    const std::uint32_t mode = state.st_mode & 07777;
    if (file.kind == FileKind::pipe) return begin(file.path, AE_IFIFO, mode, 0);
    if (!S_ISDIR(state.st_mode)) return Error{Status::state, path + ": was a folder"};
    return begin(file.path + '/', AE_IFDIR, mode, 0);
  }

  Result<void> copy_file() {
    DT_TRY_ASSIGN(const std::string piece, file_->read(piece_size));
    if (piece.empty()) file_.reset();
    return write(piece);
  }

  ContextTar context_;
  std::vector<WalkedFile> files_;
  std::string made_;
  // After made_: freed before its end, the archive writes what it still held back.
  std::unique_ptr<archive, ArchiveDeleter> archive_;
  std::unique_ptr<archive_entry, ArchiveDeleter> entry_;
  std::optional<SteadyFile> file_;  // the one being copied
  std::size_t next_extra_ = 0;
  std::size_t next_file_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<BodySource> context_tar(ContextTar context) {
  std::vector<WalkedFile> files;
  if (!context.walk.folder.empty()) {
    DT_TRY_ASSIGN(files, walk_folder(context.walk));
    // A long name needs an extended header: BuildKit must not meet one first.
    const auto is_short = [](const WalkedFile& file) { return file.path.size() < 100; };
    const auto first = std::find_if(files.begin(), files.end(), is_short);
    if (first != files.end()) std::rotate(files.begin(), first, first + 1);
  }
  const auto writer = std::make_shared<TarWriter>(std::move(context), std::move(files));
  DT_TRY(writer->open());
  return BodySource([writer] { return finished(writer->next()); });
}

Result<BodySource> file_source(std::string path) {
  DT_TRY_ASSIGN(SteadyFile opened, SteadyFile::open(std::move(path), true));
  const auto file = std::make_shared<SteadyFile>(std::move(opened));
  return BodySource([file] { return finished(file->read(piece_size)); });
}

}  // namespace dtenv
