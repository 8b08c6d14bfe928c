// Signed-By of apt's sources: what it names, and whose keys these are.
#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.hpp"
#include "formats/apt_source.hpp"
#include "formats/openpgp.hpp"

namespace dtenv {
namespace {

constexpr std::size_t fingerprint_digits = 40;

/// Paths and fingerprints stand beside each other, parted by commas or blanks.
std::vector<std::string> words_of(std::string_view signed_by) {
  std::vector<std::string> words;
  const std::string blanks = replace_all(replace_all(signed_by, ",", " "), "\n", " ");
  for (const auto word : split_words(blanks)) words.emplace_back(word);
  return words;
}

bool is_embedded(std::string_view signed_by) {
  return contains(signed_by, "-----BEGIN PGP");
}

/// A deb822 continuation undone: one blank before each line, "." for an empty one.
std::string unfold(std::string_view folded) {
  std::string text;
  for (const auto line : split_lines(folded)) {
    const auto inner = trim(line);
    text += (inner == "." ? std::string() : std::string(inner)) + "\n";
  }
  return text;
}

}  // namespace

std::vector<std::string> signed_by_paths(const std::vector<AptFile>& files) {
  std::set<std::string> paths;
  for (const auto& file : files) {
    const auto sources = parse_apt_file(file);
    if (!sources) continue;
    for (const auto& source : *sources)
      if (!is_embedded(source.signed_by))
        for (std::string& word : words_of(source.signed_by))
          if (starts_with(word, "/")) paths.insert(std::move(word));
  }
  return {paths.begin(), paths.end()};
}

std::vector<std::string> signed_by_fingerprints(std::string_view signed_by,
                                                const Keyrings& keyrings) {
  if (is_embedded(signed_by)) {
    const auto prints = openpgp_fingerprints(unfold(signed_by));
    return prints ? *prints : std::vector<std::string>{};
  }
  std::vector<std::string> prints;
  for (std::string word : words_of(signed_by)) {
    if (const auto known = keyrings.find(word); known != keyrings.end())
      prints.insert(prints.end(), known->second.begin(), known->second.end());
    if (ends_with(word, "!")) word.pop_back();  // this key alone, not its subkeys
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (word.size() == fingerprint_digits &&
        word.find_first_not_of("0123456789ABCDEF") == std::string::npos)
      prints.push_back(word);
  }
  return prints;
}

std::string comment_out_entries(std::string_view text, const std::vector<std::string>& prefixes) {
  const auto named = [&](const AptSource& source) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
      return starts_with(source.uris.front(), prefix);
    });
  };
  std::string out;
  for (const auto line : split_lines(text)) {
    const auto entry = parse_apt_one_line(line, "");
    if (entry && !entry->empty() && named(entry->front())) out += "# ";
    out += std::string(line) + "\n";
  }
  return out;
}

}  // namespace dtenv
