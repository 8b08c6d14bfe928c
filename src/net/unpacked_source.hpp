#pragma once

#include <string>

#include "net/http.hpp"

namespace dtenv {

/// Does the file begin as a zstd stream? Engines before 23 take none.
Result<bool> is_zstd_file(const std::string& path);

/// The file's bytes with zstd, gzip or xz undone, in pieces. CONFIG where it is damaged; at most
/// 1 TiB.
Result<BodySource> unpacked_source(std::string path);

}  // namespace dtenv
