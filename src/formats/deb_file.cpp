#include "formats/deb_file.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.hpp"

namespace dtenv {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// '~' sorts before the end, the end before letters, letters before all else.
int rank(std::string_view text, std::size_t at) {
  if (at >= text.size() || is_digit(text[at])) return 0;
  const auto c = static_cast<unsigned char>(text[at]);
  if (c == '~') return -1;
  return std::isalpha(c) != 0 ? c : c + 256;
}

std::string_view take_number(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == '0') ++at;
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

int compare_part(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    while ((i < a.size() && !is_digit(a[i])) || (j < b.size() && !is_digit(b[j]))) {
      const int difference = rank(a, i) - rank(b, j);
      if (difference != 0) return difference;
      ++i;
      ++j;
    }
    const std::string_view x = take_number(a, i);
    const std::string_view y = take_number(b, j);
    if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    if (const int order = x.compare(y); order != 0) return order;
  }
  return 0;
}

struct Version {
  std::string_view epoch = "0";
  std::string_view upstream;
  std::string_view revision;
};

Version parse_version(std::string_view text) {
  Version version;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    version.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const auto dash = text.rfind('-');
  version.upstream = text.substr(0, dash);
  if (dash != std::string_view::npos) version.revision = text.substr(dash + 1);
  return version;
}

/// "libc6:any (>= 2.34)".
struct Need {
  std::string package;
  std::string relation;
  std::string version;
};

Need parse_need(std::string_view text) {
  Need need;
  const auto open = text.find('(');
  const std::string_view name = trim(text.substr(0, open));
  need.package = name.substr(0, name.find_first_of(": ["));
  if (open == std::string_view::npos) return need;
  const std::string_view inside = trim(text.substr(open + 1, text.find(')') - open - 1));
  const auto end = inside.find_first_not_of("<>=");
  need.relation = inside.substr(0, end);
  if (end != std::string_view::npos) need.version = trim(inside.substr(end));
  return need;
}

bool satisfies(const std::string& version, const Need& need) {
  if (need.relation.empty()) return true;
  const int order = compare_deb_versions(version, need.version);
  if (need.relation == "=") return order == 0;
  if (need.relation == ">=") return order >= 0;
  if (need.relation == "<=") return order <= 0;
  return need.relation == ">>" ? order > 0 : order < 0;
}

class Choice {
 public:
  Choice(const std::vector<DebFile>& files, std::string_view architecture,
         const std::map<std::string, std::string>& installed)
      : installed_(installed) {
    for (const DebFile& file : files) {
      if (file.architecture != architecture && file.architecture != "all") continue;
      const auto [at, is_new] = newest_.emplace(file.package, &file);
      if (!is_new && compare_deb_versions(at->second->version, file.version) < 0)
        at->second = &file;
    }
  }

  bool has(const std::string& package) const { return newest_.count(package) > 0; }

  void take(const std::string& package) {
    if (!taken_.insert(package).second) return;
    const DebFile* file = newest_.at(package);
    chosen_.push_back(*file);
    for (const std::string& clause : split(file->depends, ',')) need_one_of(clause);
  }

  std::vector<DebFile> chosen() && { return std::move(chosen_); }

 private:
  void need_one_of(const std::string& clause) {
    std::vector<Need> needs;
    for (const std::string& alternative : split(clause, '|'))
      needs.push_back(parse_need(alternative));
    for (const Need& need : needs) {
      const auto there = installed_.find(need.package);
      if (there != installed_.end() && satisfies(there->second, need)) return;
    }
    for (const Need& need : needs)
      if (has(need.package) && satisfies(newest_.at(need.package)->version, need))
        return take(need.package);
  }

  const std::map<std::string, std::string>& installed_;
  std::map<std::string, const DebFile*> newest_;
  std::set<std::string> taken_;
  std::vector<DebFile> chosen_;
};

}  // namespace

int compare_deb_versions(std::string_view a, std::string_view b) {
  const Version x = parse_version(a);
  const Version y = parse_version(b);
  for (const auto part : {&Version::epoch, &Version::upstream, &Version::revision})
    if (const int order = compare_part(x.*part, y.*part); order != 0) return order < 0 ? -1 : 1;
  return 0;
}

Result<std::vector<DebFile>> choose_debs(const std::vector<DebFile>& files,
                                         const std::vector<std::string>& wanted,
                                         std::string_view architecture,
                                         const std::map<std::string, std::string>& installed) {
  Choice choice(files, architecture, installed);
  std::vector<std::string> missing;
  for (const std::string& package : wanted)
    if (!choice.has(package)) missing.push_back(package);
  if (!missing.empty())
    return Error(Status::not_found, "no package " + join(missing, ", ") + " for " +
                                        std::string(architecture) + " among its " +
                                        std::to_string(files.size()) + " .deb files");
  for (const std::string& package : wanted) choice.take(package);
  return std::move(choice).chosen();
}

}  // namespace dtenv
