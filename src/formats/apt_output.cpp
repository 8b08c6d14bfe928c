#include "formats/apt_output.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "formats/error_catalogue.hpp"

namespace dtenv {
namespace {

constexpr std::size_t words_limit = 600;

/// What apt says after the line that counts.
bool is_general(std::string_view line) {
  for (const std::string_view part :
       {"Some index files failed to download", "Sub-process /usr/bin/dpkg returned an error code",
        "Unable to correct problems", "Unable to fetch some archives",
        "Failed to fetch some archives"})
    if (contains(line, part)) return true;
  return false;
}

/// " docker-ce : Depends: containerd.io (>= 1.6.24) but it is not installable", all of them.
std::string unmet_dependencies(std::string_view out) {
  std::vector<std::string> unmet;
  bool inside = false;
  for (const std::string_view line : split_lines(out)) {
    if (contains(line, "have unmet dependencies")) {
      inside = true;
      continue;
    }
    if (!inside) continue;
    if (!starts_with(line, " ")) break;
    unmet.emplace_back(trim(line));
  }
  if (unmet.empty()) return {};
  return "unmet dependencies: " + join(unmet, "; ");
}

/// "dpkg: error processing package x (--configure):" and why, on the next line.
std::string dpkg_words(std::string_view err) {
  const auto lines = split_lines(err);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!starts_with(lines[i], "dpkg: error")) continue;
    std::string words(lines[i]);
    if (i + 1 < lines.size()) words += " " + std::string(trim(lines[i + 1]));
    return words;
  }
  return {};
}

/// A warning that is the cause of the error after it.
std::string cause_line(std::string_view err) {
  for (const std::string_view line : split_lines(err))
    for (const std::string_view part :
         {"NO_PUBKEY", "BADSIG", "EXPKEYSIG", "REVKEYSIG", "signatures were invalid"})
      if (contains(line, part)) return std::string(line);
  return {};
}

std::string first_line(std::string_view text, std::string_view prefix, bool general) {
  for (const std::string_view line : split_lines(text))
    if (starts_with(line, prefix) && (general || !is_general(line))) return std::string(line);
  return {};
}

}  // namespace

std::string package_words(std::string_view out, std::string_view err) {
  std::string words = unmet_dependencies(out);
  if (words.empty()) words = dpkg_words(err);
  if (words.empty()) words = cause_line(err);
  for (const std::string_view prefix : {"E:", "Error:", "W:", " Problem:"})
    for (const std::string_view text : {err, out})
      if (words.empty()) words = first_line(text, prefix, false);
  if (words.empty()) words = first_line(err, "E:", true);
  return visible(trim(words), words_limit);
}

Error package_error(std::string_view attempted, std::string_view out, std::string_view err,
                    int exit_code) {
  std::string words = package_words(out, err);
  if (words.empty()) words = "exit " + std::to_string(exit_code);
  Error error(Status::command, std::string(attempted) + ": " + words);
  for (const KnownError* known : explain(words)) {
    Problem problem;
    problem.problem = known->cause;
    problem.hint = known->repair;
    error.detail.push_back(std::move(problem));
  }
  return error;
}

bool is_update_clean(std::string_view err) {
  const auto lines = split_lines(err);
  return std::none_of(lines.begin(), lines.end(), [](std::string_view line) {
    if (starts_with(line, "E:")) return true;
    return starts_with(line, "W:") && !contains(line, "Policy will reject signature") &&
           !contains(line, "uses weak");
  });
}

std::string held_lock(std::string_view text) {
  constexpr std::string_view start = "Could not get lock ";
  constexpr std::string_view late = "Unable to acquire the dpkg frontend lock (";
  constexpr std::string_view by = "held by process ";
  const std::size_t at = text.find(start);
  if (at == std::string_view::npos) {
    // After a wait, that is all it says.
    const std::size_t waited = text.find(late);
    if (waited == std::string_view::npos) return {};
    const std::string_view path = text.substr(waited + late.size());
    return visible(path.substr(0, path.find(')')), 200) + ", held by another process";
  }
  std::string_view line = text.substr(at + start.size());
  line = line.substr(0, line.find('\n'));
  std::string_view path = line.substr(0, line.find(' '));
  if (ends_with(path, ".")) path.remove_suffix(1);
  std::string lock = visible(path, 200);
  const std::size_t holder = line.find(by);
  if (holder == std::string_view::npos) return lock + ", held by another process";
  return lock + ", " + visible(line.substr(holder, line.find(')') - holder + 1), 100);
}

std::vector<std::string> simulated_removals(std::string_view out) {
  std::vector<std::string> removed;
  for (const std::string_view line : split_lines(out)) {
    const auto words = split_words(line);
    if (words.size() > 1 && (words[0] == "Remv" || words[0] == "Purg"))
      removed.emplace_back(words[1]);
  }
  return removed;
}

}  // namespace dtenv
