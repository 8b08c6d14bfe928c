#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "net/curl_loop.hpp"

namespace dtenv {

/// A file to be fetched: https://, file:// with an absolute path, or http:// with a digest.
struct Download {
  std::string url;
  std::string path;    ///< appears only when it is whole and as pinned
  std::string sha256;  ///< 64 hex digits; required unless `unpinned`
  std::optional<std::uint64_t> size;
  bool unpinned = false;
  std::uint64_t size_limit = std::uint64_t{64} << 30;
  std::string proxy;
  std::string ca_file;
  int tries = 5;  ///< after 429, 5xx and broken connections; other failures are final
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;  ///< total 0: not known
};

struct Downloaded {
  std::uint64_t size = 0;
  std::string sha256;
};

/// Streams into a new file beside `path`, checks size and SHA-256, syncs and renames. A wrong
/// digest or size is VERIFY and leaves nothing.
Task<Result<Downloaded>> download_file(CurlLoop loop, Download download);

/// A small document, https:// or file:///, held in memory: an apt key. IO above `limit` bytes.
Task<Result<std::string>> fetch(CurlLoop loop, std::string url, std::size_t limit,
                                std::string proxy = {}, std::string ca_file = {});

}  // namespace dtenv
