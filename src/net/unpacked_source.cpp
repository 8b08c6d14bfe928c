#include "net/unpacked_source.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <memory>

#include "proc/unique_fd.hpp"

namespace dtenv {

namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 40;

struct ArchiveDeleter {
  void operator()(archive* a) const { archive_read_free(a); }
};

/// Reads one stream of bytes through libarchive's filters.
class Unpacker {
 public:
  explicit Unpacker(std::string path) : path_(std::move(path)), reader_(archive_read_new()) {}

  Result<void> open() {
    fd_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd_.get() < 0) return io_error(path_ + ": open", errno);
    if (!reader_) return Error{Status::nomem, path_ + ": no memory to read it"};
    archive_read_support_format_raw(reader_.get());
    archive_read_support_filter_gzip(reader_.get());
    archive_read_support_filter_xz(reader_.get());
    archive_read_support_filter_zstd(reader_.get());
    archive_entry* entry = nullptr;
    if (archive_read_open_fd(reader_.get(), fd_.get(), piece_size) != ARCHIVE_OK ||
        archive_read_next_header(reader_.get(), &entry) != ARCHIVE_OK)
      return damaged();
    return {};
  }

  /// Empty at the end.
  Result<std::string> next() {
    std::string piece(piece_size, '\0');
    const auto count = archive_read_data(reader_.get(), piece.data(), piece.size());
    if (count < 0) return damaged();
    given_ += static_cast<std::uint64_t>(count);
    if (given_ > most_bytes) return Error{Status::config, path_ + ": unpacks to more than 1 TiB"};
    piece.resize(static_cast<std::size_t>(count));
    return piece;
  }

 private:
  Error damaged() const {
    const char* words = archive_error_string(reader_.get());
    return {Status::config, path_ + ": cannot be unpacked: " + (words != nullptr ? words : "")};
  }

  std::string path_;
  UniqueFd fd_;
  std::unique_ptr<archive, ArchiveDeleter> reader_;
  std::uint64_t given_ = 0;
};

Task<Result<std::string>> next_piece(std::shared_ptr<Unpacker> unpacker) {
  // Unpacking is work: others on the loop get their turn before each piece.
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  co_return unpacker->next();
}

}  // namespace

Result<bool> is_zstd_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return io_error(path + ": open", errno);
  char head[4] = {};
  if (::read(fd.get(), head, sizeof head) != sizeof head) return false;
  return std::string_view(head, sizeof head) == std::string_view("\x28\xb5\x2f\xfd", 4);
}

Result<BodySource> unpacked_source(std::string path) {
  auto unpacker = std::make_shared<Unpacker>(std::move(path));
  DT_TRY(unpacker->open());
  return BodySource([unpacker] { return next_piece(unpacker); });
}

}  // namespace dtenv
