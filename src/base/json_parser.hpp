#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/json_tree.hpp"
#include "base/text.hpp"

namespace dtenv {

/// RFC 8259 by recursive descent over one text; depth is bounded, so the stack is too.
class JsonParser {
 public:
  JsonParser(std::string_view text, JsonSyntax syntax) : text_(text), syntax_(syntax) {}

  bool document(JsonNode& root) {
    if (!blanks() || !value(root, 0) || !blanks()) return false;
    return at_ == text_.size() || fail(at_, "text after the end of the value");
  }

  Problem problem() const {
    const auto [line, column] = line_and_column(text_, where_);
    return {"", line, column, what_, hint_};
  }

 private:
  bool fail(std::size_t where, std::string what, std::string hint = {}) {
    where_ = where;
    what_ = std::move(what);
    hint_ = std::move(hint);
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::string found() const {
    return at_ < text_.size() ? "\"" + visible(text_.substr(at_, 1)) + "\"" : "the end of the text";
  }

  bool blanks() {
    for (;;) {
      while (at_ < text_.size() &&
             std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
        ++at_;
      if (peek() == '#') return fail(at_, "a # comment", "JSON has none; remove the line");
      if (peek() != '/') return true;
      if (!syntax_.comments) return fail(at_, "a comment", "JSON has none; remove it");
      if (!comment()) return false;
    }
  }

  bool comment() {
    const std::size_t begin = at_;
    const std::string_view start = text_.substr(at_, 2);
    if (start != "//" && start != "/*") return fail(at_, "a lone /");
    const bool line = start == "//";
    const std::size_t end = text_.find(line ? "\n" : "*/", at_ + 2);
    if (end == std::string_view::npos && !line) return fail(begin, "a comment without its */");
    at_ = end == std::string_view::npos ? text_.size() : end + (line ? 1 : 2);
    return true;
  }

  bool value(JsonNode& node, int depth) {
    if (depth > syntax_.max_depth)
      return fail(at_, "nested more than " + std::to_string(syntax_.max_depth) + " deep");
    node.begin = at_;
    bool good = false;
    switch (peek()) {
      case '{':
        good = object(node, depth);
        break;
      case '[':
        good = array(node, depth);
        break;
      case '"':
        node.kind = JsonNode::Kind::string;
        good = string(node.text);
        break;
      case '\'':
        return fail(at_, "a single quote", "JSON strings stand in double quotes");
      default:
        good = scalar(node);
    }
    node.end = at_;
    return good;
  }

  bool object(JsonNode& node, int depth) {
    node.kind = JsonNode::Kind::object;
    std::set<std::string, std::less<>> keys;
    ++at_;
    if (!blanks()) return false;
    while (peek() != '}') {
      if (peek() != '"') return fail(at_, "a key in double quotes expected, " + found() + " found");
      JsonMember& member = node.members.emplace_back();
      member.key_begin = at_;
      if (!string(member.key)) return false;
      member.key_end = at_;
      if (!keys.insert(member.key).second) return duplicate(node, member);
      if (!blanks()) return false;
      if (peek() != ':') return fail(at_, "\":\" expected after the key, " + found() + " found");
      ++at_;
      if (!blanks() || !value(member.value, depth + 1) || !separator('}')) return false;
    }
    ++at_;
    return true;
  }

  bool duplicate(const JsonNode& node, const JsonMember& member) {
    const int first = line_and_column(text_, node.find(member.key)->key_begin).first;
    return fail(member.key_begin,
                "the key \"" + visible(member.key) + "\" a second time (first on line " +
                    std::to_string(first) + ")",
                "keep one of the two");
  }

  bool array(JsonNode& node, int depth) {
    node.kind = JsonNode::Kind::array;
    ++at_;
    if (!blanks()) return false;
    while (peek() != ']') {
      if (!value(node.items.emplace_back(), depth + 1) || !separator(']')) return false;
    }
    ++at_;
    return true;
  }

  /// After a member or an item: a comma and another one, or the closing bracket.
  bool separator(char close) {
    if (!blanks()) return false;
    if (peek() == close) return true;
    if (peek() != ',')
      return fail(at_, std::string("\",\" or \"") + close + "\" expected, " + found() + " found");
    const std::size_t comma = at_++;
    if (!blanks()) return false;
    if (peek() == close && !syntax_.trailing_commas)
      return fail(comma, "a comma before the closing bracket", "remove it");
    return true;
  }

  bool scalar(JsonNode& node) {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,]}:/#\"", at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    if (word == "true" || word == "false")
      node.kind = JsonNode::Kind::boolean;
    else if (word == "null")
      node.kind = JsonNode::Kind::null;
    else if (is_number(word))
      node.kind = JsonNode::Kind::number;
    else if (word.empty())
      return fail(at_, "a value expected, " + found() + " found");
    else
      return fail(at_, "\"" + visible(word) + "\" is no JSON value");
    node.text = word;
    at_ = end;
    return true;
  }

  static bool is_number(std::string_view word) {
    std::size_t at = 0;
    const auto digits = [&] {
      const std::size_t begin = at;
      while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
      return at - begin;
    };
    if (at < word.size() && word[at] == '-') ++at;
    const std::size_t first = at;
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && word[first] == '0')) return false;
    if (at < word.size() && word[at] == '.') {
      ++at;
      if (digits() == 0) return false;
    }
    if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
      ++at;
      if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
      if (digits() == 0) return false;
    }
    return at == word.size();
  }

  bool string(std::string& out) {
    const std::size_t begin = at_++;
    for (;;) {
      const std::size_t plain = text_.find_first_of("\"\\", at_);
      const std::string_view run = text_.substr(at_, plain - at_);
      for (std::size_t i = 0; i < run.size(); ++i)
        if (static_cast<unsigned char>(run[i]) < 0x20)
          return fail(
              at_ + i,
              run[i] == '\n' ? "a line end inside a string" : "a control byte inside a string",
              "write it as an escape such as \\n, or close the quote");
      out += run;
      if (plain == std::string_view::npos) return fail(begin, "a string without its closing quote");
      at_ = plain + 1;
      if (text_[plain] == '"') return true;
      if (!escape(out)) return false;
    }
  }

  bool escape(std::string& out) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view bytes = "\"\\/\b\f\n\r\t";
    const char c = peek();
    const std::size_t known = c == '\0' ? std::string_view::npos : names.find(c);
    if (known != std::string_view::npos) {
      out += bytes[known];
      ++at_;
      return true;
    }
    if (c != 'u') return fail(at_ - 1, "an unknown escape");
    unsigned code = 0;
    if (!four_hex(code)) return false;
    if (code >= 0xDC00 && code < 0xE000) return fail(at_ - 6, "a lone surrogate");
    if (code >= 0xD800 && code < 0xDC00) {
      unsigned low = 0;
      if (text_.substr(at_, 2) != "\\u") return fail(at_ - 6, "a lone surrogate");
      ++at_;
      if (!four_hex(low)) return false;
      if (low < 0xDC00 || low >= 0xE000) return fail(at_ - 6, "a lone surrogate");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
    return true;
  }

  /// `at_` stands on the u.
  bool four_hex(unsigned& code) {
    const std::string digits = lower(text_.substr(at_ + 1, 4));
    if (digits.size() != 4 || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
      return fail(at_ - 1, "\\u without four hex digits");
    code = static_cast<unsigned>(std::stoul(digits, nullptr, 16));
    at_ += 5;
    return true;
  }

  static void append_utf8(std::string& out, unsigned code) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }

  std::string_view text_;
  JsonSyntax syntax_;
  std::size_t at_ = 0;
  std::size_t where_ = 0;
  std::string what_;
  std::string hint_;
};

}  // namespace dtenv
