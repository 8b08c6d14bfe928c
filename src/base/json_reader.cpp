#include "base/json_reader.hpp"

#include <algorithm>

namespace dtenv {

struct JsonReader::Shared {
  std::string_view text;
  std::vector<Problem> problems;
};

namespace {

/// A key as a JSON pointer token (RFC 6901).
std::string token(std::string_view key) {
  return replace_all(replace_all(key, "~", "~0"), "/", "~1");
}

}  // namespace

JsonReader::JsonReader(const JsonNode& root, std::string_view text)
    : JsonReader(root, "", std::make_shared<Shared>()) {
  shared_->text = text;
  if (!root.is(JsonNode::Kind::object)) problem({}, "must be an object");
}

JsonReader::JsonReader(const JsonNode& node, std::string pointer, std::shared_ptr<Shared> shared)
    : node_(&node),
      pointer_(std::move(pointer)),
      shared_(std::move(shared)),
      known_(std::make_shared<std::set<std::string, std::less<>>>()) {}

std::string_view JsonReader::text() const {
  return shared_->text;
}

std::string JsonReader::pointer(std::string_view key) const {
  return key.empty() ? pointer_ : pointer_ + "/" + token(key);
}

bool JsonReader::failed() const {
  return !shared_->problems.empty();
}
const std::vector<Problem>& JsonReader::problems() const {
  return shared_->problems;
}

Result<void> JsonReader::result(std::string_view message) const {
  if (!failed()) return {};
  std::vector<Problem> sorted = shared_->problems;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  std::string text(message);
  if (sorted.size() == 1) {
    text += ": " + (sorted[0].pointer.empty() ? "" : sorted[0].pointer + ": ") + sorted[0].problem;
  } else {
    text += ": " + std::to_string(sorted.size()) + " problems";
  }
  return Error{Status::config, std::move(text), std::move(sorted)};
}

void JsonReader::problem_at(const JsonNode& node, std::string pointer, std::string problem,
                            std::string hint) {
  const auto [line, column] = line_and_column(shared_->text, node.begin);
  shared_->problems.push_back(
      {std::move(pointer), line, column, std::move(problem), std::move(hint)});
}

void JsonReader::problem(std::string_view key, std::string problem, std::string hint) {
  const JsonMember* member = key.empty() ? nullptr : node_->find(key);
  problem_at(member ? member->value : *node_, pointer(key), std::move(problem), std::move(hint));
}

bool JsonReader::has(std::string_view key) const {
  return node_->find(key) != nullptr;
}

const JsonNode* JsonReader::value(std::string_view key) {
  known_->emplace(key);
  const JsonMember* member = node_->find(key);
  return member ? &member->value : nullptr;
}

const JsonNode* JsonReader::take(std::string_view key, JsonNode::Kind kind,
                                 std::string_view wanted) {
  const JsonNode* found = value(key);
  if (!found) return nullptr;
  if (found->is(kind)) return found;
  problem(key,
          std::string(wanted) + " expected, " + std::string(kind_name(found->kind)) + " found");
  return nullptr;
}

std::optional<std::string> JsonReader::string(std::string_view key) {
  const JsonNode* found = take(key, JsonNode::Kind::string, "a string");
  if (!found) return std::nullopt;
  if (found->text.find('\0') != std::string::npos) {
    problem(key, "a NUL byte in the string");
    return std::nullopt;
  }
  return found->text;
}

std::string JsonReader::string_or(std::string_view key, std::string_view fallback) {
  return string(key).value_or(std::string(fallback));
}

std::string JsonReader::required_string(std::string_view key) {
  if (!has(key)) {
    known_->emplace(key);
    problem_at(*node_, pointer(key), "missing", "add \"" + std::string(key) + "\": \"…\"");
    return {};
  }
  auto found = string(key);
  if (found && found->empty()) problem(key, "must not be empty");
  return found.value_or("");
}

std::string JsonReader::one_of(std::string_view key, std::initializer_list<std::string_view> words,
                               std::string_view fallback) {
  const auto found = string(key);
  if (!found) return std::string(fallback);
  if (std::find(words.begin(), words.end(), *found) != words.end()) return *found;
  const std::vector<std::string> known(words.begin(), words.end());
  const auto near = nearest(*found, known);
  problem(key, "\"" + visible(*found) + "\" is none of " + join(known, ", "),
          near ? "did you mean \"" + *near + "\"?" : "");
  return std::string(fallback);
}

std::optional<bool> JsonReader::boolean(std::string_view key) {
  const JsonNode* found = take(key, JsonNode::Kind::boolean, "true or false");
  if (!found) return std::nullopt;
  return found->text == "true";
}

bool JsonReader::boolean_or(std::string_view key, bool fallback) {
  return boolean(key).value_or(fallback);
}

std::optional<std::int64_t> JsonReader::integer(std::string_view key, std::int64_t low,
                                                std::int64_t high) {
  const JsonNode* found = take(key, JsonNode::Kind::number, "a whole number");
  if (!found) return std::nullopt;
  const bool negative = starts_with(found->text, "-");
  const auto digits =
      parse_integer(std::string_view(found->text).substr(negative ? 1 : 0), 0, INT64_MAX);
  const std::int64_t number = digits ? (negative ? -*digits : *digits) : 0;
  if (digits && number >= low && number <= high) return number;
  problem(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                   " expected, " + visible(found->text) + " found");
  return std::nullopt;
}

std::int64_t JsonReader::integer_or(std::string_view key, std::int64_t low, std::int64_t high,
                                    std::int64_t fallback) {
  return integer(key, low, high).value_or(fallback);
}

std::optional<std::int64_t> JsonReader::size(std::string_view key) {
  const JsonNode* found = value(key);
  if (found && found->is(JsonNode::Kind::number)) return integer(key, 0, INT64_MAX);
  const auto text = string(key);
  if (!text) return std::nullopt;
  const auto bytes = parse_size(*text);
  if (bytes) return *bytes;
  problem(key, bytes.error().message);
  return std::nullopt;
}

std::optional<Duration> JsonReader::duration(std::string_view key) {
  const auto text = string(key);
  if (!text) return std::nullopt;
  const auto time = parse_duration(*text);
  if (time) return *time;
  problem(key, time.error().message);
  return std::nullopt;
}

Duration JsonReader::duration_or(std::string_view key, Duration fallback) {
  return duration(key).value_or(fallback);
}

std::vector<std::string> JsonReader::strings(std::string_view key) {
  std::vector<std::string> found;
  const JsonNode* array = take(key, JsonNode::Kind::array, "an array of strings");
  if (!array) return found;
  for (std::size_t i = 0; i < array->items.size(); ++i) {
    const JsonNode& item = array->items[i];
    const std::string where = pointer(key) + "/" + std::to_string(i);
    if (!item.is(JsonNode::Kind::string))
      problem_at(item, where, "a string expected, " + std::string(kind_name(item.kind)) + " found",
                 "");
    else if (item.text.find('\0') != std::string::npos)
      problem_at(item, where, "a NUL byte in the string", "");
    else
      found.push_back(item.text);
  }
  return found;
}

std::vector<std::string> JsonReader::string_or_strings(std::string_view key) {
  const JsonNode* found = value(key);
  if (found && found->is(JsonNode::Kind::string)) {
    const auto one = string(key);
    return one ? std::vector<std::string>{*one} : std::vector<std::string>{};
  }
  return strings(key);
}

std::vector<std::pair<std::string, std::string>> JsonReader::string_map(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> found;
  const JsonNode* object = take(key, JsonNode::Kind::object, "an object of strings");
  if (!object) return found;
  JsonReader inner(*object, pointer(key), shared_);
  for (const JsonMember& member : object->members) {
    const auto text = inner.string(member.key);
    if (text) found.emplace_back(member.key, *text);
  }
  return found;
}

std::optional<JsonReader> JsonReader::object(std::string_view key) {
  const JsonNode* found = take(key, JsonNode::Kind::object, "an object");
  if (!found) return std::nullopt;
  return JsonReader(*found, pointer(key), shared_);
}

std::vector<JsonReader> JsonReader::objects(std::string_view key) {
  std::vector<JsonReader> found;
  const JsonNode* array = take(key, JsonNode::Kind::array, "an array of objects");
  if (!array) return found;
  for (std::size_t i = 0; i < array->items.size(); ++i) {
    const JsonNode& item = array->items[i];
    std::string where = pointer(key) + "/" + std::to_string(i);
    if (item.is(JsonNode::Kind::object))
      found.push_back(JsonReader(item, std::move(where), shared_));
    else
      problem_at(item, where, "an object expected, " + std::string(kind_name(item.kind)) + " found",
                 "");
  }
  return found;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::object_map(std::string_view key) {
  std::vector<std::pair<std::string, JsonReader>> found;
  const JsonNode* object = take(key, JsonNode::Kind::object, "an object");
  if (!object) return found;
  JsonReader inner(*object, pointer(key), shared_);
  for (const JsonMember& member : object->members)
    if (auto reader = inner.object(member.key)) found.emplace_back(member.key, *reader);
  return found;
}

void JsonReader::finish() {
  const std::vector<std::string> known(known_->begin(), known_->end());
  for (const JsonMember& member : node_->members) {
    if (known_->count(member.key) > 0) continue;
    const auto near = nearest(member.key, known);
    const auto [line, column] = line_and_column(shared_->text, member.key_begin);
    shared_->problems.push_back(
        {pointer(member.key), line, column, "unknown key \"" + visible(member.key) + "\"",
         near ? "did you mean \"" + *near + "\"?" : "known here: " + join(known, ", ")});
  }
}

}  // namespace dtenv
