#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_tree.hpp"
#include "base/result.hpp"

namespace dtenv {

/// Keys from the root to a value: {"runtimes", "nvidia", "path"}. Array items by decimal index.
using JsonPath = std::vector<std::string>;

/// "/runtimes/nvidia" ↔ its keys (RFC 6901). A pointer starts with "/".
Result<JsonPath> parse_json_pointer(std::string_view pointer);
std::string json_pointer(const JsonPath& path);

/// The same value: kinds, decoded strings and numbers as written; members in any order.
bool same_json(const JsonNode& left, const JsonNode& right);

/// A JSON text that is not ours: each edit changes the bytes of one value and keeps every other
/// one, in the layout found (indentation, line ends, blanks around colons).
class JsonText {
 public:
  /// Strict RFC 8259 with an object at the top; what `name` is called in messages.
  static Result<JsonText> parse(std::string text, std::string name);

  const std::string& text() const { return text_; }
  const JsonNode& root() const { return root_; }
  /// nullptr: there is none.
  const JsonNode* find(const JsonPath& path) const;

  /// Puts `json` (the text of a value) there; objects missing on the way are made. The same value
  /// as before changes nothing.
  Result<void> set(const JsonPath& path, std::string_view json);
  /// Adds `json` at the end of the array there; a missing array is made.
  Result<void> append(const JsonPath& path, std::string_view json);
  /// Removes the member there; a missing one changes nothing.
  Result<void> remove(const JsonPath& path);

 private:
  JsonText(std::string text, std::string name, JsonNode root)
      : text_(std::move(text)), name_(std::move(name)), root_(std::move(root)) {}
  Result<void> splice(std::size_t begin, std::size_t end, std::string_view with);
  Result<void> insert_member(const JsonNode& object, std::string_view key, const JsonNode& value,
                             std::string_view source);

  std::string text_;
  std::string name_;
  JsonNode root_;
};

}  // namespace dtenv
