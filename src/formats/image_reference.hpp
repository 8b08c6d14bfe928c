#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dtenv {

/// An image's name, taken apart and made whole: `nvidia/cuda` is `docker.io/nvidia/cuda:latest`.
struct ImageReference {
  std::string domain;  ///< "docker.io", "registry.example.com:5000"
  std::string path;    ///< "library/mysql"
  std::string tag;     ///< "latest" where neither tag nor digest is given; empty beside a digest
  std::string digest;  ///< "sha256:…" or empty
  bool tag_given = false;

  /// "docker.io/library/mysql:5.7"
  std::string full() const;
  /// As people write it and `docker images` shows it: "mysql:5.7".
  std::string familiar() const;
  /// full() without tag and digest: what POST /images/create takes as fromImage.
  std::string repository() const;
};

/// The grammar of distribution/reference. An image id (64 hex digits) is no reference.
Result<ImageReference> parse_image_reference(std::string_view text);

}  // namespace dtenv
