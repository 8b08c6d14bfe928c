#include "steps/launch_preflight.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "formats/launch_engines.hpp"
#include "steps/launch_facts.hpp"
#include "steps/launch_plan.hpp"

namespace dtenv {

namespace {

using Facts = Launch::Facts;

const std::string& told(const Facts& facts, const std::string& key) {
  static const std::string nothing;
  const auto found = facts.found.find(key);
  return found == facts.found.end() ? nothing : found->second;
}

/// Of "way.INTERFACE"; empty: another key.
std::string way_of(const std::string& key) {
  return starts_with(key, "way.") ? key.substr(4) : "";
}

/// The judging of one launch: failures and notes as they are found.
struct Preflight {
  const Launch::Config& config;
  const Cluster<Facts>& cluster;
  std::vector<Note>& notes;
  std::vector<Problem> problems;

  void fail(const std::string& check, std::string problem, std::string hint) {
    problems.push_back({check, 0, 0, std::move(problem), std::move(hint)});
  }
  void warn(const std::string& node, std::string text) {
    notes.push_back({node, Severity::warning, std::move(text)});
  }

  void same(const ComparedFact& fact);
  void images();
  void engine();
  void gpus();
  void ports();
  void names();
  void interfaces();
  void limits();
  void clocks();
};

/// What the machines should have alike: the outliers are named against the majority.
void Preflight::same(const ComparedFact& fact) {
  const std::string key(fact.key);
  std::vector<const std::string*> values;
  for (const auto& machine : cluster.machines) values.push_back(&told(machine.facts, key));
  const std::string& wanted = majority(values);
  const auto alike = std::count_if(values.begin(), values.end(),
                                   [&](const std::string* value) { return *value == wanted; });
  const auto name = [](const std::string& value) {
    return value.empty() ? std::string("absent") : visible(value, 80);
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (*values[i] == wanted) continue;
    const std::string& node = cluster.machines[i].node->name;
    std::string text = std::string(fact.what) + " is " + name(*values[i]) + " on " + node +
                       " and " + name(wanted) + " on " + std::to_string(alike) + " of " +
                       std::to_string(values.size()) + " nodes";
    if (fact.must_be_equal)
      fail(key, std::move(text), "one image on every node brings the same versions");
    else
      warn(node, std::move(text));
  }
}

void Preflight::images() {
  const auto& first = cluster.machines.front();
  for (const auto& machine : cluster.machines)
    if (machine.facts.image_id != first.facts.image_id)
      fail("image",
           "the container of " + machine.node->name + " runs image " +
               machine.facts.image_id.substr(0, 19) + ", that of " + first.node->name + " " +
               first.facts.image_id.substr(0, 19),
           "apply image_build and container_run on every node");
}

void Preflight::engine() {
  const bool each = config.engine == "openmpi" || config.engine == "torchrun" ||
                    config.engine == "hydra" || config.engine == "deepspeed";
  if (!each && config.engine != "slurm") return;
  for (const auto& machine : cluster.machines) {
    const bool head = machine.node->name == launch_head(config, cluster);
    if (!each && !head) continue;
    const std::string version = engine_version(config.engine, machine.facts);
    const std::string python = told(machine.facts, "python");
    if (config.engine == "torchrun" && !version.empty() && !at_least(version, 2, 0) &&
        !python.empty() && at_least(python, 3, 11))
      fail("engine",
           "torchrun of PyTorch " + visible(version) + " does not work on Python " +
               visible(python) + ", which " + machine.node->name + " has",
           "engine direct begins the same ranks; or PyTorch 2, or Python 3.10");
    if (!version.empty()) continue;
    const std::string mpirun = told(machine.facts, "mpirun");
    const bool other = config.engine == "openmpi" && !mpirun.empty();
    fail("engine",
         config.engine + " is not in the container of " + machine.node->name +
             (other ? ": mpirun there is \"" + visible(mpirun) + "\"" : ""),
         "put it into the image, or choose another engine");
  }
}

void Preflight::gpus() {
  const auto has = [](const auto& machine) {
    return parse_integer(told(machine.facts, "gpus"), 1, 4096).has_value();
  };
  if (std::none_of(cluster.machines.begin(), cluster.machines.end(), has)) return;
  for (const auto& machine : cluster.machines) {
    const auto gpus = parse_integer(told(machine.facts, "gpus"), 0, 4096).value_or(0);
    const int slots = machine.facts.slots;
    if (gpus < slots)
      fail("gpus",
           machine.node->name + " has " + std::to_string(slots) + " slots and " +
               std::to_string(gpus) + " GPUs in its container",
           "lower slots, or give the container all GPUs");
  }
}

void Preflight::ports() {
  const auto& master = cluster.machines.front();
  if (!told(master.facts, "busy").empty())
    fail("master_port",
         "port " + std::to_string(config.master_port) + " is taken on " + master.node->name,
         "end what listens there, or choose another master_port");
}

void Preflight::names() {
  for (const auto& machine : cluster.machines) {
    const std::string host = told(machine.facts, "host");
    if (host.empty() || !told(machine.facts, "self").empty()) continue;
    const std::string text =
        "the container's own name " + visible(host) + " does not resolve on " + machine.node->name;
    // torch and Hydra ask for the address behind their own name; the others do not.
    if (config.engine == "torchrun" || config.engine == "hydra")
      fail("own_name", text, "give the container add_hosts with its own name");
    else
      warn(machine.node->name, text + ": gloo would fail; give the container add_hosts with it");
  }
}

void Preflight::interfaces() {
  for (const auto& machine : cluster.machines) {
    std::vector<std::string> ways;
    for (const auto& [key, value] : machine.facts.found) {
      const std::string way = way_of(key);
      if (way.empty()) continue;
      ways.push_back(way);
      const bool wrong = way == "lo" || starts_with(way, "docker") || starts_with(way, "br-") ||
                         starts_with(way, "virbr");
      const auto words = split_words(value);  // COUNT ADDRESS
      if (!wrong || words.size() != 2) continue;
      std::string text = machine.node->name + " reaches " + std::string(words[1]);
      if (words[0] != "1") text += " and others, " + std::string(words[0]) + " in all,";
      fail("interface", text + " through " + way,
           "give every node the address of the network between them");
    }
    if (ways.size() > 1)
      warn(machine.node->name, "the other nodes are reached through " + join(ways, ", ") +
                                   ": NCCL and gloo choose by themselves");
  }
}

void Preflight::limits() {
  for (const auto& machine : cluster.machines) {
    const int slots = machine.facts.slots;
    const auto shm = parse_integer(told(machine.facts, "shm"), 0, INT64_MAX);
    const std::int64_t wanted = std::int64_t{slots} << 30;
    if (shm && *shm < wanted)
      warn(machine.node->name, "/dev/shm has " + std::to_string(*shm >> 20) + " MiB free for " +
                                   std::to_string(slots) +
                                   " ranks: 1 GiB each is what NCCL and data loaders need");
    const std::string memlock = told(machine.facts, "memlock");
    if (!told(machine.facts, "infiniband").empty() && memlock != "unlimited")
      fail("memlock",
           "memory lock is limited to " + memlock + " KiB on " + machine.node->name +
               ", which has InfiniBand",
           "give the container the ulimit memlock=-1");
  }
}

void Preflight::clocks() {
  double low = 0;
  double high = 0;
  const Node* slow = nullptr;
  const Node* fast = nullptr;
  for (const auto& machine : cluster.machines) {
    const double skew = machine.facts.skew_s;
    if (!slow || skew < low) {
      low = skew;
      slow = machine.node;
    }
    if (!fast || skew > high) {
      high = skew;
      fast = machine.node;
    }
  }
  if (high - low <= 1) return;
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.1f", high - low);
  warn(slow->name, "the clock of " + slow->name + " is " + seconds.data() + " s behind that of " +
                       fast->name + ": logs and certificates will not agree");
}

/// "mpirun (Open MPI) 4.1.4" → "4.1.4".
std::string after(const std::string& line, std::string_view words) {
  const std::size_t at = line.find(words);
  return at == std::string::npos ? "" : std::string(trim(line.substr(at + words.size())));
}

}  // namespace

std::string engine_version(const std::string& engine, const Facts& facts) {
  if (engine == "openmpi") return after(told(facts, "mpirun"), "mpirun (Open MPI) ");
  if (engine == "deepspeed") return told(facts, "package.deepspeed");
  if (engine == "slurm") {  // "slurm 23.11.4", Debian's "slurm-wlm 22.05.8"
    const std::string slurm = told(facts, "slurm");
    return slurm.substr(slurm.rfind(' ') + 1);
  }
  if (engine == "hydra") {
    const std::string hydra = after(told(facts, "hydra"), "Version");
    return std::string(
        trim(hydra.substr(std::min(hydra.size(), hydra.find_first_of("0123456789")))));
  }
  if (engine == "torchrun") return told(facts, "package.torch");
  return "";
}

std::string launch_interface(const Facts& facts) {
  std::string one;
  for (const auto& [key, value] : facts.found) {
    const std::string way = way_of(key);
    if (way.empty()) continue;
    if (!one.empty()) return "";
    one = way;
  }
  return one;
}

Result<void> preflight(const Launch::Config& config, const Cluster<Facts>& cluster,
                       std::vector<Note>& notes) {
  Preflight judge{config, cluster, notes, {}};
  judge.images();
  check_same_paths(config, cluster, judge.problems);
  for (const ComparedFact& fact : compared_facts()) judge.same(fact);
  judge.engine();
  judge.gpus();
  judge.ports();
  judge.names();
  judge.interfaces();
  judge.limits();
  judge.clocks();
  if (judge.problems.empty()) return {};
  std::string message = "launch: not begun: " + judge.problems.front().problem;
  if (judge.problems.size() > 1)
    message += ", and " + std::to_string(judge.problems.size() - 1) + " more";
  return Error(Status::state, std::move(message), std::move(judge.problems));
}

}  // namespace dtenv
