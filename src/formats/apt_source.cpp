#include "formats/apt_source.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dtenv {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (const auto line : split_lines(text))
    for (const auto word : split_words(line)) out.emplace_back(word);
  return out;
}

/// apt compares repositories with the architecture put in and without a slash at the end.
std::string normal_uri(std::string_view uri, const AptSource& wanted) {
  while (ends_with(uri, "/")) uri.remove_suffix(1);
  if (wanted.architectures.empty()) return std::string(uri);
  return replace_all(uri, "$(ARCH)", wanted.architectures.front());
}

bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool has_all(const std::vector<std::string>& list, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return has(list, word); });
}

bool shares_suite(const AptSource& a, const AptSource& b) {
  return std::any_of(a.suites.begin(), a.suites.end(),
                     [&](const std::string& suite) { return has(b.suites, suite); });
}

bool serves(const AptSource& source, const AptSource& wanted) {
  return has_all(source.types, wanted.types) && has_all(source.suites, wanted.suites) &&
         has_all(source.components, wanted.components) &&
         (source.architectures.empty() || has_all(source.architectures, wanted.architectures));
}

}  // namespace

Result<std::vector<AptSource>> parse_apt_file(const AptFile& file) {
  return ends_with(file.path, ".sources") ? parse_apt_deb822(file.text, file.path)
                                          : parse_apt_one_line(file.text, file.path);
}

std::string render_apt_deb822(const AptSource& source) {
  std::string out;
  const auto field = [&out](std::string_view key, const std::string& value) {
    if (!value.empty()) out += std::string(key) + ": " + value + "\n";
  };
  if (!source.enabled) field("Enabled", "no");
  field("Types", join(source.types, " "));
  field("URIs", join(source.uris, " "));
  field("Suites", join(source.suites, " "));
  field("Components", join(source.components, " "));
  field("Architectures", join(source.architectures, " "));
  field("Signed-By", source.signed_by);
  for (const auto& [key, value] : source.options) field(key, value);
  return out;
}

std::vector<AptEntry> find_same_repository(const std::vector<AptFile>& files,
                                           const AptSource& wanted, std::string_view own_path) {
  std::vector<AptEntry> found;
  for (const auto& file : files) {
    if (file.path == own_path) continue;
    const auto sources = parse_apt_file(file);
    if (!sources) continue;
    for (const auto& source : *sources) {
      if (!source.enabled || !shares_suite(source, wanted)) continue;
      for (const auto& uri : source.uris)
        for (const auto& own : wanted.uris)
          if (normal_uri(uri, wanted) == normal_uri(own, wanted))
            found.push_back(
                {file.path, source.line, uri, source.signed_by, serves(source, wanted)});
    }
  }
  return found;
}

std::string archive_uri(const std::vector<AptFile>& files, std::string_view suite) {
  for (const auto& file : files) {
    const auto sources = parse_apt_file(file);
    if (!sources) continue;
    for (const auto& source : *sources) {
      if (source.enabled && has(source.types, "deb") && has(source.components, "main") &&
          has(source.suites, std::string(suite)) && !source.uris.empty())
        return source.uris.front();
    }
  }
  return {};
}

Result<std::vector<AptSource>> parse_apt_one_line(std::string_view text, std::string_view name) {
  std::vector<AptSource> out;
  int number = 0;
  for (const auto raw : split_lines(text)) {
    ++number;
    auto line = trim(raw.substr(0, raw.find('#')));
    if (line.empty()) continue;
    const auto fail = [&](std::string problem) {
      return Error{Status::config,
                   std::string(name) + ": line " + std::to_string(number) + ": " + problem,
                   {Problem{{}, number, 1, problem, {}}}};
    };
    AptSource source;
    source.line = number;
    const auto type = line.substr(0, line.find_first_of(" \t["));
    if (type != "deb" && type != "deb-src") return fail("begins with neither deb nor deb-src");
    source.types = {std::string(type)};
    line = trim(line.substr(type.size()));
    if (starts_with(line, "[")) {
      const auto close = line.find(']');
      if (close == std::string_view::npos) return fail("an option list without its ]");
      for (const auto& option : words_of(line.substr(1, close - 1))) {
        const auto equals = option.find('=');
        if (equals == std::string::npos) return fail("an option without its value");
        const auto key = lower(option.substr(0, equals));
        const auto value = option.substr(equals + 1);
        if (key == "arch")
          source.architectures = split(value, ',');
        else if (key == "signed-by")
          source.signed_by = value;
        else
          source.options.emplace_back(key, value);
      }
      line = trim(line.substr(close + 1));
    }
    const auto words = words_of(line);
    if (words.size() < 2) return fail("lacks a URI or a suite");
    source.uris = {words[0]};
    source.suites = {words[1]};
    source.components.assign(words.begin() + 2, words.end());
    out.push_back(std::move(source));
  }
  return out;
}

}  // namespace dtenv
