#pragma once

#include <string>
#include <string_view>

#include "base/json_tree.hpp"

namespace dtenv {

/// How a JSON text is laid out, as far as something new in it should look the same.
struct JsonLayout {
  std::string newline = "\n";
  std::string unit = "  ";  ///< one level of indentation
  std::string colon = ": ";
};

/// Read off the first member of the root and the first line end.
JsonLayout detect_layout(std::string_view text, const JsonNode& root);

/// A value of another text in this layout: on lines of its own below `indent`, or, with
/// `multi_line` false, on one line. Scalars keep their bytes.
std::string render_json(const JsonNode& value, std::string_view source, const JsonLayout& layout,
                        const std::string& indent, bool multi_line);

/// A string as a JSON string; `<>&` and all UTF-8 stay as they are.
std::string quote_json(std::string_view text);

/// The blanks directly before a byte: "\n    ", " " or "".
std::string_view blanks_before(std::string_view text, std::size_t at);
/// What a line starts with: the blanks from its begin to its first other byte.
std::string_view line_indent(std::string_view text, std::size_t at);

}  // namespace dtenv
