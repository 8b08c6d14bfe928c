#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/context_walk.hpp"
#include "net/http.hpp"

namespace dtenv {

/// A file that is on no disk: a generated Dockerfile.
struct TarEntry {
  std::string path;
  std::string content;
  std::uint32_t mode = 0644;
};

struct ContextTar {
  Walk walk;                    ///< folder empty: the extra entries alone
  std::vector<TarEntry> extra;  ///< sent first, instead of a file of the same path
  std::int64_t mtime = 0;       ///< of every entry, so that equal files make an equal tar
};

/// A tar as Docker wants a build context, made piece by piece while it is sent: owned by root,
/// links as links, hard links as files. The walk is done here; a file that changes its size,
/// vanishes or becomes something else after it ends the stream with STATE.
Result<BodySource> context_tar(ContextTar context);

/// A file as it is, in pieces: an image archive. STATE where it changes its size meanwhile.
Result<BodySource> file_source(std::string path);

}  // namespace dtenv
