#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

struct JsonMember;

/// One value of a JSON text, with where it stands: what line-exact errors and byte-exact edits
/// need.
struct JsonNode {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  std::size_t begin = 0;  ///< first byte of the value in the text
  std::size_t end = 0;    ///< one past its last byte
  std::string text;       ///< a string decoded; a number, true, false or null as written
  std::vector<JsonNode> items;
  std::vector<JsonMember> members;

  const JsonMember* find(std::string_view key) const;
  bool is(Kind wanted) const { return kind == wanted; }
};

struct JsonMember {
  std::string key;
  std::size_t key_begin = 0;  ///< the opening quote
  std::size_t key_end = 0;
  JsonNode value;
};

/// What is accepted beyond RFC 8259. Duplicate keys, invalid UTF-8 and trailing text never are.
struct JsonSyntax {
  bool comments = false;  ///< // and /* */
  bool trailing_commas = false;
  int max_depth = 64;
  std::size_t max_bytes = std::size_t{16} << 20;
};

/// `name` is what the message calls the text ("daemon.json", "the environment document").
Result<JsonNode> parse_json(std::string_view text, std::string_view name, JsonSyntax syntax = {});

/// "null", "a number", …: for messages.
std::string_view kind_name(JsonNode::Kind kind);

}  // namespace dtenv
