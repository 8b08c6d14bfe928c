#include "net/archive_info.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <memory>

#include "base/text.hpp"
#include "proc/unique_fd.hpp"

namespace dtenv {

namespace {

namespace json = boost::json;

constexpr std::size_t manifest_limit = std::size_t{8} << 20;
constexpr int most_entries = 1000000;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 40;  // unpacked: no image is as large
constexpr std::uint64_t turn = std::uint64_t{8} << 20;        // between two looks at the loop

struct ArchiveDeleter {
  void operator()(archive* a) const { archive_read_free(a); }
};
using ArchivePtr = std::unique_ptr<archive, ArchiveDeleter>;

Error damaged(const std::string& path, archive* reader) {
  const char* words = archive_error_string(reader);
  return {Status::config,
          path + ": not an intact image archive: " + (words != nullptr ? words : "no tar")};
}

/// The entry's bytes, at most `limit` of them kept. Goes through all of it: with a compressed
/// archive skipping is no cheaper, and would hold up the loop.
Task<Result<std::string>> read_entry(archive* reader, std::string path, std::size_t limit) {
  std::string content;
  std::uint64_t since = 0;
  const void* data = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  while (true) {
    const int code = archive_read_data_block(reader, &data, &size, &offset);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK) co_return damaged(path, reader);
    if (limit > 0 && content.size() + size > limit)
      co_return Error{Status::config, path + ": its manifest.json is too long"};
    if (limit > 0) content.append(static_cast<const char*>(data), size);
    since += size;
    if (archive_filter_bytes(reader, 0) > static_cast<la_int64_t>(most_bytes))
      co_return Error{Status::config, path + ": unpacks to more than 1 TiB"};
    if (since < turn) continue;
    since = 0;
    co_await asio::post(asio::use_awaitable);
  }
  co_return content;
}

std::string image_id(std::string_view config) {
  const auto slash = config.rfind('/');
  std::string_view name = slash == std::string_view::npos ? config : config.substr(slash + 1);
  if (ends_with(name, ".json")) name.remove_suffix(5);
  const bool is_digest =
      name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_digest ? "sha256:" + std::string(name) : std::string();
}

}  // namespace

Result<std::vector<ArchivedImage>> parse_archive_manifest(std::string_view text) {
  const Error wrong{Status::config, "manifest.json: not that of an image archive"};
  boost::system::error_code failed;
  const json::value manifest = json::parse(text, failed);
  if (failed || !manifest.is_array()) return wrong;
  std::vector<ArchivedImage> images;
  for (const auto& item : manifest.get_array()) {
    if (!item.is_object()) return wrong;
    const auto& object = item.get_object();
    ArchivedImage image;
    if (const auto* config = object.if_contains("Config"); config != nullptr && config->is_string())
      image.id = image_id(config->get_string());
    if (const auto* layers = object.if_contains("Layers"); layers != nullptr && layers->is_array())
      image.layers = layers->get_array().size();
    const auto* tags = object.if_contains("RepoTags");  // null for an image without a name
    if (tags != nullptr && tags->is_array())
      for (const auto& tag : tags->get_array())
        if (tag.is_string()) image.tags.emplace_back(tag.get_string());
    images.push_back(std::move(image));
  }
  return images;
}

Task<Result<std::vector<ArchivedImage>>> read_archive_info(std::string path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) co_return io_error(path + ": open", errno);
  const ArchivePtr reader(archive_read_new());
  if (!reader) co_return Error{Status::nomem, path + ": no memory to read it"};
  archive_read_support_format_tar(reader.get());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  if (archive_read_open_fd(reader.get(), fd.get(), std::size_t{256} << 10) != ARCHIVE_OK)
    co_return damaged(path, reader.get());
  archive_entry* entry = nullptr;
  for (int count = 0; count < most_entries; ++count) {
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF)
      co_return Error{Status::config, path + ": not an image archive: no manifest.json in it"};
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) co_return damaged(path, reader.get());
    const char* name = archive_entry_pathname(entry);
    const bool wanted = name != nullptr && std::string_view(name) == "manifest.json";
    const bool is_plain = archive_filter_count(reader.get()) <= 1;
    if (!wanted && is_plain) continue;  // the next header is found by seeking
    DT_CO_TRY_ASSIGN(const std::string text,
                     co_await read_entry(reader.get(), path, wanted ? manifest_limit : 0));
    if (!wanted) continue;
    auto images = parse_archive_manifest(text);
    if (images.has_error()) co_return Error{Status::config, path + ": " + images.error().message};
    co_return images;
  }
  co_return Error{Status::config, path + ": more than a million entries"};
}

}  // namespace dtenv
