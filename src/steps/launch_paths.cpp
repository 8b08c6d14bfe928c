// The same code and data on every node.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "steps/launch_preflight.hpp"

namespace dtenv {

namespace {

/// The names of the first files that two manifests do not have alike.
std::string differing_files(const std::string& one, const std::string& other) {
  std::set<std::string> lines;
  for (const std::string_view line : split_lines(one)) lines.emplace(line);
  std::set<std::string> names;
  const auto note = [&](std::string_view line) {
    const std::size_t name = line.rfind("  ");
    names.emplace(name == std::string_view::npos ? line : line.substr(name + 2));
  };
  for (const std::string_view line : split_lines(other))
    if (lines.erase(std::string(line)) == 0) note(line);
  for (const std::string& line : lines) note(line);
  std::string text;
  std::size_t shown = 0;
  for (const std::string& name : names) {
    if (++shown > 5) return text + ", and " + std::to_string(names.size() - 5) + " more";
    text += (text.empty() ? "" : ", ") + visible(name);
  }
  return text;
}

}  // namespace

const std::string& majority(const std::vector<const std::string*>& values) {
  std::unordered_map<std::string_view, std::size_t> counts;
  for (const std::string* value : values) ++counts[*value];
  return **std::max_element(values.begin(), values.end(),
                            [&](const std::string* one, const std::string* other) {
                              return counts[*one] < counts[*other];
                            });
}

void check_same_paths(const Launch::Config& config, const Cluster<Launch::Facts>& cluster,
                      std::vector<Problem>& problems) {
  for (const std::string& path : config.same_paths) {
    std::vector<const std::string*> present;
    for (const auto& machine : cluster.machines) {
      const auto found = machine.facts.manifests.find(path);
      if (found != machine.facts.manifests.end())
        present.push_back(&found->second);
      else
        problems.push_back(
            {path, 0, 0, path + " is missing in the container of " + machine.node->name,
             "put the same code and data on every node, or mount a shared folder there"});
    }
    if (present.empty()) continue;
    const std::string& wanted = majority(present);
    for (const auto& machine : cluster.machines) {
      const auto found = machine.facts.manifests.find(path);
      if (found == machine.facts.manifests.end() || found->second == wanted) continue;
      problems.push_back({path, 0, 0,
                          path + " is another on " + machine.node->name + ": " +
                              differing_files(wanted, found->second),
                          "bring the copies in line before the start"});
    }
  }
}

}  // namespace dtenv
