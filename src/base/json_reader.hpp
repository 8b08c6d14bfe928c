#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_tree.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace dtenv {

/// Reads one JSON object into typed fields and collects every problem of it, each with pointer,
/// line and column, instead of stopping at the first. A field that is absent gives nullopt or the
/// default; one of the wrong type is a problem and gives the same.
class JsonReader {
 public:
  /// `text` and `root` must outlive the reader. The root must be an object (a problem otherwise).
  JsonReader(const JsonNode& root, std::string_view text);

  bool has(std::string_view key) const;
  std::optional<std::string> string(std::string_view key);
  std::string string_or(std::string_view key, std::string_view fallback);
  std::string required_string(std::string_view key);
  /// One of the words, else a problem that lists them.
  std::string one_of(std::string_view key, std::initializer_list<std::string_view> words,
                     std::string_view fallback);
  std::optional<bool> boolean(std::string_view key);
  bool boolean_or(std::string_view key, bool fallback);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
  std::int64_t integer_or(std::string_view key, std::int64_t low, std::int64_t high,
                          std::int64_t fallback);
  /// "16gb" or a whole number of bytes.
  std::optional<std::int64_t> size(std::string_view key);
  /// "30s", "1h30m".
  std::optional<Duration> duration(std::string_view key);
  Duration duration_or(std::string_view key, Duration fallback);
  /// An array of strings; absent gives an empty one.
  std::vector<std::string> strings(std::string_view key);
  /// A string or an array of strings.
  std::vector<std::string> string_or_strings(std::string_view key);
  /// An object whose values are strings, in the text's order.
  std::vector<std::pair<std::string, std::string>> string_map(std::string_view key);
  std::optional<JsonReader> object(std::string_view key);
  /// An array of objects.
  std::vector<JsonReader> objects(std::string_view key);
  /// An object of objects with free keys: the key and a reader of each value.
  std::vector<std::pair<std::string, JsonReader>> object_map(std::string_view key);
  /// The value as it stands, for what fits none of the above. Marks the key as known.
  const JsonNode* value(std::string_view key);

  /// Adds a problem at a key (its value if present, the object itself if not).
  void problem(std::string_view key, std::string problem, std::string hint = {});
  /// Every key that no call has asked for becomes a problem with the nearest known name. Call it
  /// last, once per object.
  void finish();

  std::string_view text() const;
  std::string pointer(std::string_view key = {}) const;
  bool failed() const;
  const std::vector<Problem>& problems() const;
  /// ok, or CONFIG with all problems found so far and "MESSAGE: 3 problems" as the message.
  Result<void> result(std::string_view message) const;

 private:
  struct Shared;
  JsonReader(const JsonNode& node, std::string pointer, std::shared_ptr<Shared> shared);
  const JsonNode* take(std::string_view key, JsonNode::Kind kind, std::string_view wanted);
  void problem_at(const JsonNode& node, std::string pointer, std::string problem, std::string hint);

  const JsonNode* node_;
  std::string pointer_;
  std::shared_ptr<Shared> shared_;  // the text and the problems, shared with sub-readers
  std::shared_ptr<std::set<std::string, std::less<>>> known_;
};

}  // namespace dtenv
