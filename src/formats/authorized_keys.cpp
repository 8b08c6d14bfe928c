#include "formats/authorized_keys.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "formats/managed_block.hpp"

namespace dtenv {

namespace {

/// An option is a word, or NAME="VALUE" without another quote in it.
bool is_option(std::string_view option) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  const std::size_t name = static_cast<std::size_t>(
      std::find_if_not(option.begin(), option.end(), is_plain) - option.begin());
  if (name == 0) return false;
  if (name == option.size()) return true;
  const std::string_view rest = option.substr(name);
  return rest.size() >= 3 && starts_with(rest, "=\"") && rest.back() == '"' &&
         std::all_of(rest.begin() + 2, rest.end() - 1,
                     [](char c) { return c >= ' ' && c != '"' && c != '\\' && c != '\x7f'; });
}

}  // namespace

Result<std::string> render_authorized_keys(const std::vector<AuthorizedKey>& keys) {
  std::string lines;
  std::set<std::string> seen;
  for (const AuthorizedKey& key : keys) {
    for (const std::string& option : key.options)
      if (!is_option(option))
        return Error{Status::config,
                     "authorized_keys: the option \"" + visible(option) + "\" is not one"};
    if (!seen.insert(key.key.words()).second) continue;
    lines += join(key.options, ",") + (key.options.empty() ? "" : " ") + key.key.line() + "\n";
  }
  return lines;
}

Result<MergedKeys> merge_authorized_keys(std::string_view text,
                                         const std::vector<AuthorizedKey>& keys,
                                         std::string_view tag) {
  if (text.size() > authorized_keys_limit)
    return Error{Status::config, "authorized_keys: larger than 8 MiB"};
  DT_TRY_ASSIGN(const std::string lines, render_authorized_keys(keys));
  std::set<std::string> ours;
  for (const AuthorizedKey& key : keys) ours.insert(key.key.words());
  MergedKeys merged;
  DT_TRY_ASSIGN(merged.text, with_block(text, tag, lines, BlockPlace::last));
  DT_TRY_ASSIGN(const std::string foreign, without_block(text, tag));
  int number = 0;
  for (const std::string_view line : split_lines(foreign)) {
    ++number;
    const auto words = split_words(line);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (ours.count(std::string(words[i]) + " " + std::string(words[i + 1])) == 0) continue;
      merged.notes.push_back("line " + std::to_string(number) +
                             " has a key of ours too; it is left as it is");
      break;
    }
  }
  return merged;
}

}  // namespace dtenv
