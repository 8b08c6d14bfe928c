#include "steps/launch_plan.hpp"

#include <algorithm>
#include <set>

#include "base/digest.hpp"

namespace dtenv {

namespace {

using Facts = Launch::Facts;

/// What most machines have; the first machine's on a tie.
const std::string& majority(const std::vector<const std::string*>& values) {
  const std::string* best = values.front();
  std::ptrdiff_t most = 0;
  for (const std::string* candidate : values) {
    const auto count = std::count_if(values.begin(), values.end(), [&](const std::string* value) {
      return *value == *candidate;
    });
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return *best;
}

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

std::string launch_head(const Launch::Config& config, const Cluster<Facts>& cluster) {
  if (!config.head.empty()) return config.head;
  return cluster.machines.empty() ? "" : cluster.machines.front().node->name;
}

std::string launch_id(const Launch::Config& config, const Cluster<Facts>& cluster) {
  std::string spec;
  const auto add = [&](std::string_view part) { spec.append(part).push_back('\0'); };
  add(config.engine);
  for (const std::string& word : config.command) add(word);
  add(config.workdir);
  for (const auto& [name, value] : config.env) {
    add(name);
    add(value);
  }
  add(std::to_string(config.ranks.value_or(0)));
  for (const auto& machine : cluster.machines) {
    add(machine.node->name);
    add(machine.facts.container_id);
  }
  return sha256(spec).substr(0, 12);
}

int attempt_of(const Launch::Run& run) {
  const std::size_t dot = run.name.rfind('.');
  const auto number = parse_integer(std::string_view(run.name).substr(dot + 1), 1, 1 << 20);
  return number ? static_cast<int>(*number) : 0;
}

const Launch::Run* last_run(const Facts& facts, const std::string& id) {
  const Launch::Run* last = nullptr;
  for (const Launch::Run& run : facts.runs)
    if (starts_with(run.name, id + ".") && (!last || attempt_of(run) > attempt_of(*last)))
      last = &run;
  return last;
}

std::string launch_summary(const Launch::Config& config, const Cluster<Facts>& cluster) {
  return config.engine + " on " + launch_head(config, cluster) + ", " +
         std::to_string(cluster.machines.size()) + " nodes, in " + config.workdir;
}

Result<void> check_same_paths(const Launch::Config& config, const Cluster<Facts>& cluster) {
  std::vector<Problem> problems;
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
  if (problems.empty()) return {};
  std::string message = "launch: the nodes do not have the same files: " + problems.front().problem;
  return Error(Status::config, std::move(message), std::move(problems));
}

Result<void> check_same_image(const Cluster<Facts>& cluster) {
  for (const auto& machine : cluster.machines) {
    const auto& first = cluster.machines.front();
    if (machine.facts.image_id != first.facts.image_id)
      return Error(Status::state, "launch: the container of " + machine.node->name +
                                      " runs image " + machine.facts.image_id.substr(0, 19) +
                                      ", that of " + first.node->name + " " +
                                      first.facts.image_id.substr(0, 19));
  }
  return {};
}

}  // namespace dtenv
