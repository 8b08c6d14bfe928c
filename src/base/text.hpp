#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dtenv {

using Argv = std::vector<std::string>;
/// Names and values in order; a name may not hold '=' or NUL.
using Environ = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> split(std::string_view text, char separator);
/// Lines without their ends ("\n" or "\r\n"); a last line without an end counts, an empty rest does
/// not.
std::vector<std::string_view> split_lines(std::string_view text);
/// Runs of bytes between blanks (space, tab).
std::vector<std::string_view> split_words(std::string_view text);
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);
bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);
bool contains(std::string_view text, std::string_view part);
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

/// Decimal digits only, no sign, no blanks, within [low, high].
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t low,
                                          std::int64_t high);

std::string hex(std::string_view bytes);
std::string base64(std::string_view bytes);
std::string base64_url(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

/// For messages: control bytes and invalid UTF-8 as \xNN, at most `limit` bytes with "…" after.
std::string visible(std::string_view text, std::size_t limit = 80);
bool is_utf8(std::string_view text);
/// The bytes as UTF-8: each invalid byte becomes U+FFFD.
std::string to_utf8(std::string_view bytes);

/// The known name nearest to `name` by edit distance, where one is near enough to suggest.
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& known);

/// One POSIX shell word that gives back exactly `word` (no NUL). For host/ alone.
std::string quote_posix(std::string_view word);
/// An argv for people to read in a plan or a message: words quoted only where needed.
std::string show_argv(const Argv& argv);

/// Line and column (both from 1, column in bytes) of a byte offset.
std::pair<int, int> line_and_column(std::string_view text, std::size_t offset);

}  // namespace dtenv
