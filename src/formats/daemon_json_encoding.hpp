#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "formats/daemon_json_keys.hpp"

namespace dtenv {

/// How the bytes of a daemon.json are written.
enum class JsonEncoding { utf8, utf8_bom, utf16_le, utf16_be };

struct DecodedJson {
  std::string text;  ///< UTF-8, no byte-order mark
  JsonEncoding encoding = JsonEncoding::utf8;
};

/// A byte-order mark is taken from engine 24 on and refused before, for the older ones do not start
/// with it. At most 1 MiB.
Result<DecodedJson> decode_daemon_json(std::string_view bytes, const EngineRelease& engine);

/// Back to bytes as they came.
std::string encode_daemon_json(std::string_view text, JsonEncoding encoding);

}  // namespace dtenv
