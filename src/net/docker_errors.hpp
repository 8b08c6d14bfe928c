#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dtenv {

/// The words of an engine's error reply: its "message", or the text itself where it is no JSON.
std::string engine_words(std::string_view body);

/// An error reply as an Error: "WHAT: the engine's words". `detail[0].problem` holds a fixed word
/// such as name_conflict or not_running where the words are known, and what to do as its hint.
Error engine_error(int http_status, std::string_view body, const std::string& what);

/// The same for an errorDetail within a stream that began with 200.
Error stream_error(std::string_view words, const std::string& what);

/// The fixed word of an error from above, or empty.
std::string_view engine_code(const Error& error);

}  // namespace dtenv
