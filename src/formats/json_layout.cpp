#include "formats/json_layout.hpp"

#include <cstdio>

namespace dtenv {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Lists of a few short words stay on one line, as people write them.
bool fits_one_line(const JsonNode& value) {
  std::size_t length = 2;
  for (const JsonNode& item : value.items) {
    if (item.is(JsonNode::Kind::array) || item.is(JsonNode::Kind::object)) return false;
    length += item.end - item.begin + 2;
  }
  return value.items.size() <= 1 || length <= 72;
}

}  // namespace

std::string_view blanks_before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && is_blank(text[begin - 1])) --begin;
  return text.substr(begin, at - begin);
}

std::string_view line_indent(std::string_view text, std::size_t at) {
  const std::size_t newline = text.rfind('\n', at == 0 ? 0 : at - 1);
  const std::size_t begin = newline == std::string_view::npos || at == 0 ? 0 : newline + 1;
  std::size_t end = begin;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  return text.substr(begin, end - begin);
}

JsonLayout detect_layout(std::string_view text, const JsonNode& root) {
  JsonLayout layout;
  const std::size_t newline = text.find('\n');
  if (newline != std::string_view::npos && newline > 0 && text[newline - 1] == '\r')
    layout.newline = "\r\n";
  if (root.members.empty()) return layout;
  const JsonMember& first = root.members.front();
  const std::string_view colon = text.substr(first.key_end, first.value.begin - first.key_end);
  if (colon.find('\n') == std::string_view::npos) layout.colon = colon;
  const std::string_view before = blanks_before(text, first.key_begin);
  const std::size_t line = before.rfind('\n');
  if (line != std::string_view::npos && line + 1 < before.size())
    layout.unit = before.substr(line + 1);
  return layout;
}

std::string render_json(const JsonNode& value, std::string_view source, const JsonLayout& layout,
                        const std::string& indent, bool multi_line) {
  const bool array = value.is(JsonNode::Kind::array);
  if (!array && !value.is(JsonNode::Kind::object))
    return std::string(source.substr(value.begin, value.end - value.begin));
  const std::size_t count = array ? value.items.size() : value.members.size();
  if (count == 0) return array ? "[]" : "{}";
  const bool lines = multi_line && !(array && fits_one_line(value));
  const std::string inner = indent + layout.unit;
  std::string text(1, array ? '[' : '{');
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += lines ? "," : ", ";
    if (lines) text += layout.newline + inner;
    if (!array) {
      const JsonMember& member = value.members[i];
      text += source.substr(member.key_begin, member.key_end - member.key_begin);
      text += layout.colon;
    }
    const JsonNode& child = array ? value.items[i] : value.members[i].value;
    text += render_json(child, source, layout, inner, lines);
  }
  if (lines) text += layout.newline + indent;
  text += array ? ']' : '}';
  return text;
}

std::string quote_json(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace dtenv
