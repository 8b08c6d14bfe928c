#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// The binary key of an armoured one (its CRC-24 checked); a binary one as it is.
Result<std::string> openpgp_dearmor(std::string_view key);
/// The fingerprints of the primary v4 keys in a file, 40 upper-case hex digits each, in order.
/// CONFIG where the file is no OpenPGP key.
Result<std::vector<std::string>> openpgp_fingerprints(std::string_view key);

}  // namespace dtenv
