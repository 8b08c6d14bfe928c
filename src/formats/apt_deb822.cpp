#include <optional>

#include "base/text.hpp"
#include "formats/apt_source.hpp"

namespace dtenv {
namespace {

struct Field {
  std::string key;
  std::string value;
};

struct Stanza {
  int line = 0;
  std::vector<Field> fields;
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (const auto line : split_lines(text))
    for (const auto word : split_words(line)) out.emplace_back(word);
  return out;
}

void set_field(AptSource& source, const Field& field) {
  const auto key = lower(field.key);
  const auto value = std::string(trim(field.value));
  if (key == "types")
    source.types = words_of(value);
  else if (key == "uris")
    source.uris = words_of(value);
  else if (key == "suites")
    source.suites = words_of(value);
  else if (key == "components")
    source.components = words_of(value);
  else if (key == "architectures")
    source.architectures = words_of(value);
  else if (key == "signed-by")
    source.signed_by = value;
  else if (key == "enabled")
    source.enabled = lower(value) != "no" && lower(value) != "false";
  else
    source.options.emplace_back(field.key, value);
}

Error problem_at(std::string_view name, int line, const std::string& problem) {
  return Error{Status::config,
               std::string(name) + ": line " + std::to_string(line) + ": " + problem,
               {Problem{{}, line, 1, problem, {}}}};
}

Result<std::vector<Stanza>> parse_stanzas(std::string_view text, std::string_view name) {
  std::vector<Stanza> stanzas;
  bool inside = false;
  int number = 0;
  for (const auto line : split_lines(text)) {
    ++number;
    if (!line.empty() && line.front() == '#') continue;
    if (trim(line).empty()) {
      inside = false;
      continue;
    }
    if (line.front() == ' ' || line.front() == '\t') {
      if (!inside) return problem_at(name, number, "a continuation of nothing");
      stanzas.back().fields.back().value += "\n" + std::string(line);
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return problem_at(name, number, "neither a field nor a continuation");
    if (!inside) stanzas.push_back({number, {}});
    inside = true;
    stanzas.back().fields.push_back(
        {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  }
  return stanzas;
}

}  // namespace

Result<std::vector<AptSource>> parse_apt_deb822(std::string_view text, std::string_view name) {
  DT_TRY_ASSIGN(const auto stanzas, parse_stanzas(text, name));
  std::vector<AptSource> out;
  for (const auto& stanza : stanzas) {
    AptSource source;
    source.types.clear();
    source.line = stanza.line;
    for (const auto& field : stanza.fields) set_field(source, field);
    if (source.types.empty()) return problem_at(name, stanza.line, "a stanza without Types");
    if (source.uris.empty()) return problem_at(name, stanza.line, "a stanza without URIs");
    if (source.suites.empty()) return problem_at(name, stanza.line, "a stanza without Suites");
    out.push_back(std::move(source));
  }
  return out;
}

}  // namespace dtenv
