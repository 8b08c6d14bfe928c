#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"

namespace dtenv {

/// One image of an archive made by docker save.
struct ArchivedImage {
  std::string id;  ///< "sha256:…"; empty where the archive does not tell
  std::vector<std::string> tags;
  std::size_t layers = 0;
};

/// The archive's manifest.json: tar, plain or gzip, zstd, xz. Nothing is unpacked, and the loop is
/// left to others between two pieces. CONFIG where it is no image archive.
Task<Result<std::vector<ArchivedImage>>> read_archive_info(std::string path);

/// The same of a manifest.json's text.
Result<std::vector<ArchivedImage>> parse_archive_manifest(std::string_view text);

}  // namespace dtenv
