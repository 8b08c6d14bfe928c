#pragma once

#include <string_view>

#include "base/result.hpp"

namespace dtenv::capi {

/// The caller's to free with dtenv_free(). Throws std::bad_alloc.
char* give_text(std::string_view text);

/// A text that must be there; INVALID for NULL and for what is not UTF-8.
Result<std::string_view> take_text(std::string_view name, const char* text);

/// A text that may be NULL, which is the same as "".
Result<std::string_view> take_optional_text(std::string_view name, const char* text);

/// INVALID where the caller gave no place for an output.
Result<void> check_out(std::string_view name, const void* out);

}  // namespace dtenv::capi
