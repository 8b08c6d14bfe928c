#include "base/json_tree.hpp"

#include <algorithm>

#include "base/json_parser.hpp"
#include "base/text.hpp"

namespace dtenv {

const JsonMember* JsonNode::find(std::string_view key) const {
  for (const JsonMember& member : members)
    if (member.key == key) return &member;
  return nullptr;
}

std::string_view kind_name(JsonNode::Kind kind) {
  switch (kind) {
    case JsonNode::Kind::null:
      return "null";
    case JsonNode::Kind::boolean:
      return "true or false";
    case JsonNode::Kind::number:
      return "a number";
    case JsonNode::Kind::string:
      return "a string";
    case JsonNode::Kind::array:
      return "an array";
    case JsonNode::Kind::object:
      return "an object";
  }
  return "";
}

namespace {

std::size_t first_invalid_utf8(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (!is_utf8(text.substr(begin, end - begin))) return begin;
    begin = end + 1;
  }
  return text.size();
}

}  // namespace

Result<JsonNode> parse_json(std::string_view text, std::string_view name, JsonSyntax syntax) {
  const std::string subject(name);
  if (text.size() > syntax.max_bytes)
    return Error{Status::config, subject + ": more than " + std::to_string(syntax.max_bytes >> 20) +
                                     " MiB of text"};
  const auto broken = [&](Problem problem) {
    const std::string message = subject + ": not valid JSON at line " +
                                std::to_string(problem.line) + ", column " +
                                std::to_string(problem.column) + ": " + problem.problem;
    return Error{Status::config, message, {std::move(problem)}};
  };
  if (!is_utf8(text)) {
    const auto [line, column] = line_and_column(text, first_invalid_utf8(text));
    return broken({"", line, column, "bytes that are not UTF-8", "save the file as UTF-8"});
  }
  JsonNode root;
  JsonParser parser(text, syntax);
  if (!parser.document(root)) return broken(parser.problem());
  return root;
}

}  // namespace dtenv
