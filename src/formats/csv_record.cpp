#include "formats/csv_record.hpp"

namespace dtenv {

namespace {

/// A field in quotes; `at` is past the opening one, and past the closing one afterwards.
bool quoted_field(std::string_view text, std::size_t& at, std::string& field) {
  for (; at < text.size(); ++at) {
    if (text[at] != '"') {
      field += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == '"') {
      field += '"';
      ++at;
    } else {
      ++at;
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> parse_csv_record(std::string_view text) {
  std::vector<std::string> fields(1);
  std::size_t at = 0;
  for (;;) {
    if (at < text.size() && text[at] == '"') {
      ++at;
      if (!quoted_field(text, at, fields.back()))
        return Error{Status::config, "a double quote without its end"};
      if (at < text.size() && text[at] != ',')
        return Error{Status::config, "text after the closing double quote of a field"};
    }
    for (; at < text.size() && text[at] != ','; ++at) {
      if (text[at] == '"') return Error{Status::config, "a double quote in the middle of a field"};
      if (text[at] == '\n' || text[at] == '\r')
        return Error{Status::config, "a line break outside of double quotes"};
      fields.back() += text[at];
    }
    if (at >= text.size()) return fields;
    ++at;
    fields.emplace_back();
  }
}

}  // namespace dtenv
