#include "steps/launch_preflight.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

namespace dtenv {

namespace {

using Facts = Launch::Facts;

std::string told(const Facts& facts, const std::string& key) {
  const auto found = facts.found.find(key);
  return found == facts.found.end() ? "" : found->second;
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

  void same(const std::string& key, const std::string& what);
  void images();
  void versions();
  void engine();
  void gpus();
  void ports();
  void names();
  void interfaces();
  void limits();
  void clocks();
};

/// A value that all machines must have alike: the outliers are named against the majority.
void Preflight::same(const std::string& key, const std::string& what) {
  std::vector<std::string> values;
  for (const auto& machine : cluster.machines) values.push_back(told(machine.facts, key));
  std::vector<const std::string*> all;
  for (const std::string& value : values) all.push_back(&value);
  const std::string& wanted = majority(all);
  const auto alike = std::count(values.begin(), values.end(), wanted);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == wanted) continue;
    const auto name = [&](const std::string& value) {
      return value.empty() ? std::string("absent") : visible(value, 60);
    };
    fail(key,
         what + " is " + name(values[i]) + " on " + cluster.machines[i].node->name + " and " +
             name(wanted) + " on " + std::to_string(alike) + " of " +
             std::to_string(values.size()) + " nodes",
         "one image on every node brings the same versions");
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

void Preflight::versions() {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> keys = {
      {{"python", "Python"},
       {"package.torch", "PyTorch"},
       {"package.deepspeed", "DeepSpeed"},
       {"package.transformers", "transformers"},
       {"package.apex", "apex"},
       {"package.mpi4py", "mpi4py"},
       {"nccl", "NCCL"},
       {"libnccl", "libnccl"},
       {"mpirun", "mpirun"},
       {"driver", "the NVIDIA driver"}}};
  for (const auto& [key, what] : keys) same(std::string(key), std::string(what));
}

void Preflight::engine() {
  const bool each = config.engine == "openmpi" || config.engine == "torchrun" ||
                    config.engine == "hydra" || config.engine == "deepspeed";
  if (!each && config.engine != "slurm") return;
  for (const auto& machine : cluster.machines) {
    const bool head = &machine == &cluster.machines.front();
    if (!each && !head) continue;
    if (!engine_version(config.engine, machine.facts).empty()) continue;
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
    const int slots = launch_slots(machine.facts, machine.node->name);
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
    std::set<std::string> ways;
    for (const auto& [key, value] : machine.facts.found) {
      if (!starts_with(key, "route.") || value.empty()) continue;
      ways.insert(value);
      const bool wrong = value == "lo" || starts_with(value, "docker") ||
                         starts_with(value, "br-") || starts_with(value, "virbr");
      if (wrong)
        fail("interface", machine.node->name + " reaches " + key.substr(6) + " through " + value,
             "give every node the address of the network between them");
    }
    if (ways.size() > 1)
      warn(machine.node->name, "the other nodes are reached through " +
                                   join({ways.begin(), ways.end()}, ", ") +
                                   ": NCCL and gloo choose by themselves");
  }
}

void Preflight::limits() {
  for (const auto& machine : cluster.machines) {
    const int slots = launch_slots(machine.facts, machine.node->name);
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
    if (!starts_with(key, "route.") || value.empty()) continue;
    if (!one.empty() && one != value) return "";
    one = value;
  }
  return one;
}

Result<void> preflight(const Launch::Config& config, const Cluster<Facts>& cluster,
                       std::vector<Note>& notes) {
  Preflight judge{config, cluster, notes, {}};
  judge.images();
  check_same_paths(config, cluster, judge.problems);
  judge.versions();
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
