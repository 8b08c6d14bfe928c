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
