#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/public_key.hpp"

namespace dtenv {

/// A key that may log in, and under which restrictions (`restrict`, `from="10.0.0.0/8"`).
struct AuthorizedKey {
  PublicKey key;
  std::vector<std::string> options;
};

/// A larger one is not read, let alone written.
constexpr std::size_t authorized_keys_limit = std::size_t{8} << 20;

/// Their lines, each key once. CONFIG: an option that no line can carry.
Result<std::string> render_authorized_keys(const std::vector<AuthorizedKey>& keys);

struct MergedKeys {
  std::string text;
  std::vector<std::string> notes;  ///< keys of ours that stand in foreign lines too
};

/// The file with our keys in one managed block at its end, each once; all foreign bytes are kept.
/// CONFIG: a file above 8 MiB, an option that no line can carry, a block edited by hand.
Result<MergedKeys> merge_authorized_keys(std::string_view text,
                                         const std::vector<AuthorizedKey>& keys,
                                         std::string_view tag);

}  // namespace dtenv
