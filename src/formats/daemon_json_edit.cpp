#include "formats/daemon_json_edit.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "formats/json_layout.hpp"

namespace dtenv {

namespace {

const JsonNode* child(const JsonNode& node, const std::string& key) {
  if (node.is(JsonNode::Kind::object)) {
    const JsonMember* member = node.find(key);
    return member ? &member->value : nullptr;
  }
  if (!node.is(JsonNode::Kind::array)) return nullptr;
  const auto index = parse_integer(key, 0, 1 << 20);
  if (!index || static_cast<std::size_t>(*index) >= node.items.size()) return nullptr;
  return &node.items[static_cast<std::size_t>(*index)];
}

bool has_newline(std::string_view text) {
  return text.find('\n') != std::string_view::npos;
}

/// Whether a value stands in a part of the text that is spread over lines: its own bytes or what
/// comes before it on its line is not the start of everything.
bool on_own_line(std::string_view text, const JsonNode& value) {
  const std::string_view own = text.substr(value.begin, value.end - value.begin);
  if (has_newline(own)) return true;
  const std::size_t line = text.rfind('\n', value.begin);
  if (line == std::string_view::npos) return false;
  // `{"a": 1, "b": 2}` on one line of a longer text stays on one line.
  const std::string_view before = text.substr(line + 1, value.begin - line - 1);
  return before.find('{') == std::string_view::npos;
}

/// `{"a": {"b": VALUE}}` for the keys after the last object that exists.
std::string wrap(const JsonPath& path, std::size_t from, std::string_view json) {
  std::string text(json);
  for (std::size_t i = path.size(); i-- > from;)
    text = "{" + quote_json(path[i]) + ":" + text + "}";
  return text;
}

std::string shown(const JsonPath& path, std::size_t count) {
  return json_pointer(JsonPath(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(count)));
}

}  // namespace

Result<JsonPath> parse_json_pointer(std::string_view pointer) {
  const Error bad(Status::config, "\"" + visible(pointer) + "\" is not a JSON pointer (/key/key)");
  if (pointer.size() < 2 || pointer[0] != '/') return bad;
  JsonPath path;
  for (const std::string& token : split(pointer.substr(1), '/')) {
    for (std::size_t at = token.find('~'); at != std::string::npos; at = token.find('~', at + 1))
      if (at + 1 >= token.size() || (token[at + 1] != '0' && token[at + 1] != '1')) return bad;
    path.push_back(replace_all(replace_all(token, "~1", "/"), "~0", "~"));
  }
  return path;
}

std::string json_pointer(const JsonPath& path) {
  std::string pointer;
  for (const std::string& key : path)
    pointer += "/" + replace_all(replace_all(key, "~", "~0"), "/", "~1");
  return pointer;
}

bool same_json(const JsonNode& left, const JsonNode& right) {
  if (left.kind != right.kind || left.text != right.text) return false;
  if (left.items.size() != right.items.size() || left.members.size() != right.members.size())
    return false;
  for (std::size_t i = 0; i < left.items.size(); ++i)
    if (!same_json(left.items[i], right.items[i])) return false;
  return std::all_of(left.members.begin(), left.members.end(), [&](const JsonMember& member) {
    const JsonMember* other = right.find(member.key);
    return other && same_json(member.value, other->value);
  });
}

Result<JsonText> JsonText::parse(std::string text, std::string name) {
  DT_TRY_ASSIGN(JsonNode root, parse_json(text, name));
  if (!root.is(JsonNode::Kind::object)) {
    const auto [line, column] = line_and_column(text, root.begin);
    const std::string found(kind_name(root.kind));
    return Error{Status::config,
                 name + ": an object expected at the top, " + found + " found",
                 {{"", line, column, "an object expected, " + found + " found", ""}}};
  }
  return JsonText(std::move(text), std::move(name), std::move(root));
}

const JsonNode* JsonText::find(const JsonPath& path) const {
  const JsonNode* node = &root_;
  for (const std::string& key : path) {
    node = child(*node, key);
    if (!node) return nullptr;
  }
  return node;
}

Result<void> JsonText::splice(std::size_t begin, std::size_t end, std::string_view with) {
  std::string text = text_;
  text.replace(begin, end - begin, with);
  DT_TRY_ASSIGN(JsonNode root, parse_json(text, name_));
  text_ = std::move(text);
  root_ = std::move(root);
  return {};
}

Result<void> JsonText::insert_member(const JsonNode& object, std::string_view key,
                                     const JsonNode& value, std::string_view source) {
  JsonLayout layout = detect_layout(text_, root_);
  if (object.members.empty()) {
    const bool lines = &object == &root_ || on_own_line(text_, object);
    const std::string indent(line_indent(text_, object.begin));
    std::string text = "{";
    if (lines) text += layout.newline + indent + layout.unit;
    text += quote_json(key) + layout.colon;
    text += render_json(value, source, layout, indent + layout.unit, lines);
    text += lines ? layout.newline + indent + "}" : "}";
    return splice(object.begin, object.end, text);
  }
  const JsonMember& last = object.members.back();
  const std::string_view colon =
      std::string_view(text_).substr(last.key_end, last.value.begin - last.key_end);
  if (!has_newline(colon)) layout.colon = colon;
  const std::string_view before = blanks_before(text_, last.key_begin);
  if (!has_newline(before)) {
    const bool tight = object.members.size() == 1 ? colon == ":" : before.empty();
    const std::string text = (tight ? "," : ", ") + quote_json(key) + layout.colon +
                             render_json(value, source, layout, "", false);
    return splice(last.value.end, last.value.end, text);
  }
  const std::string indent(before.substr(before.rfind('\n') + 1));
  const std::string text = "," + layout.newline + indent + quote_json(key) + layout.colon +
                           render_json(value, source, layout, indent, true);
  return splice(last.value.end, last.value.end, text);
}

Result<void> JsonText::set(const JsonPath& path, std::string_view json) {
  const JsonNode* node = &root_;
  std::size_t depth = 0;
  const JsonNode* parent = nullptr;
  while (depth < path.size()) {
    const JsonNode* next = child(*node, path[depth]);
    if (!next) break;
    parent = node;
    node = next;
    ++depth;
  }
  if (depth < path.size() && node->is(JsonNode::Kind::array) && depth + 1 == path.size())
    return append(JsonPath(path.begin(), path.end() - 1), json);
  if (depth < path.size() && !node->is(JsonNode::Kind::object))
    return Error{Status::config, name_ + ": " + shown(path, depth) + " is " +
                                     std::string(kind_name(node->kind)) + ", not an object"};
  const bool present = depth == path.size();
  const std::string source = present ? std::string(json) : wrap(path, depth + 1, json);
  DT_TRY_ASSIGN(const JsonNode value, parse_json(source, json_pointer(path)));
  if (!present) return insert_member(*node, path[depth], value, source);
  if (same_json(*node, value) || !parent) return {};
  const JsonLayout layout = detect_layout(text_, root_);
  const std::string indent(line_indent(text_, node->begin));
  const bool lines = on_own_line(text_, *node) || on_own_line(text_, *parent);
  const std::string text = render_json(value, source, layout, indent, lines);
  return splice(node->begin, node->end, text);
}

Result<void> JsonText::append(const JsonPath& path, std::string_view json) {
  const JsonNode* array = find(path);
  if (!array) return set(path, "[" + std::string(json) + "]");
  if (!array->is(JsonNode::Kind::array))
    return Error{Status::config, name_ + ": " + json_pointer(path) + " is " +
                                     std::string(kind_name(array->kind)) + ", not an array"};
  DT_TRY_ASSIGN(const JsonNode value, parse_json(json, json_pointer(path)));
  const JsonLayout layout = detect_layout(text_, root_);
  const std::string indent(line_indent(text_, array->begin));
  if (array->items.empty())
    return splice(array->begin, array->end,
                  "[" + render_json(value, json, layout, indent, false) + "]");
  const JsonNode& last = array->items.back();
  const std::string_view before = blanks_before(text_, last.begin);
  std::string text = ",";
  if (has_newline(before)) {
    text += layout.newline + std::string(before.substr(before.rfind('\n') + 1));
  } else {
    const bool tight = array->items.size() > 1 && before.empty();
    text += tight ? "" : " ";
  }
  text += render_json(value, json, layout, indent + layout.unit, has_newline(before));
  return splice(last.end, last.end, text);
}

Result<void> JsonText::remove(const JsonPath& path) {
  const JsonNode* object = find(JsonPath(path.begin(), path.end() - 1));
  if (!object || !object->is(JsonNode::Kind::object)) return {};
  const auto& members = object->members;
  const auto found = std::find_if(members.begin(), members.end(), [&](const JsonMember& member) {
    return member.key == path.back();
  });
  if (found == members.end()) return {};
  if (members.size() == 1) return splice(object->begin, object->end, "{}");
  if (found == members.begin()) return splice(found->key_begin, std::next(found)->key_begin, "");
  return splice(std::prev(found)->value.end, found->value.end, "");
}

}  // namespace dtenv
