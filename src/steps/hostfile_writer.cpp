#include "steps/hostfile_writer.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "steps/training_container.hpp"

namespace dtenv {

namespace {

std::optional<int> slots_of(const Node& node, const Cluster<HostfileWriter::Facts>& cluster) {
  if (node.slots) return node.slots;
  const auto* facts = cluster.find(node.name);
  return facts ? facts->gpus : std::nullopt;
}

/// What is known of a node, as far as the file is the place for it: how Open MPI dials stands in
/// ~/.ssh/config, and a port in both places would be two truths.
HostEntry entry_of(const Node& node, int slots, HostfileDialect dialect) {
  HostEntry entry;
  entry.name = node.name;
  entry.slots = slots;
  if (dialect == HostfileDialect::openmpi || dialect == HostfileDialect::openmpi5) return entry;
  entry.port = node.container_ssh_port;
  if (node.container_user != "root") entry.user = node.container_user;
  if (!node.address.empty() && node.address != node.name)
    entry.attributes.emplace_back("addr", node.address);
  return entry;
}

/// Every node of the document, whether it answered or not: nobody is dropped silently.
Result<RenderedHostfile> wanted_file(const HostfileWriter::Config& config,
                                     const Cluster<HostfileWriter::Facts>& cluster) {
  std::vector<HostEntry> hosts;
  for (const Node& node : *cluster.nodes) {
    const auto slots = slots_of(node, cluster);
    if (!slots || (*slots == 0 && !node.slots))
      return Error(
          Status::config,
          "slots of " + node.name +
              ": the document gives none and no GPU was found there; add \"slots\" to the node");
    hosts.push_back(entry_of(node, *slots, config.dialect));
  }
  return render_hostfile(hosts, config.dialect);
}

/// A file as dtenv writes it, in whatever dialect, about machines of this cluster alone: a person's
/// comments, order of fields or own machines are not there to be lost.
bool is_ours(const std::string& text, const std::vector<Node>& nodes) {
  if (trim(text).empty()) return true;
  std::set<std::string_view> names;
  for (const Node& node : nodes) names.insert(node.name);
  const auto is_node = [&](const HostEntry& host) { return names.count(host.name) > 0; };
  for (const HostfileDialect dialect : hostfile_dialects()) {
    const auto file = parse_hostfile(text, dialect);
    if (!file || !std::all_of(file->hosts.begin(), file->hosts.end(), is_node)) continue;
    const auto again = render_hostfile(file->hosts, dialect);
    if (again && again->text == text) return true;
  }
  return false;
}

/// Whole where a person would read it; of the file of a large cluster its beginning, and a checksum
/// so that another file is another change.
std::string shown(const std::string& text) {
  constexpr std::size_t whole = 4096;
  constexpr std::size_t beginning = 1024;
  if (text.size() <= whole) return text;
  const std::size_t end = text.rfind('\n', beginning);
  return text.substr(0, end == std::string::npos ? beginning : end + 1) + "… " +
         std::to_string(std::count(text.begin(), text.end(), '\n')) + " lines, sha256 " +
         sha256(text) + "\n";
}

void note_lost(const HostfileWriter::Config& config, const RenderedHostfile& wanted,
               const Node& node, Plan& plan) {
  std::vector<std::string> dialled;
  for (const std::string& field : wanted.lost)
    if (field != "slots") dialled.push_back(field);
  const std::string dialect(dialect_name(config.dialect));
  if (dialled.size() < wanted.lost.size())
    plan.notes.push_back({node.name, Severity::info,
                          config.path + ": a list for " + dialect +
                              " has no slots; its options say how many ranks a node has"});
  if (!dialled.empty())
    plan.notes.push_back({node.name, Severity::info,
                          config.path + ": " + dialect + " has no place for " +
                              join(dialled, ", ") + "; ~/.ssh/config (key_exchange) has them"});
}

}  // namespace

HostfileWriter::Config HostfileWriter::parse(JsonReader& reader) {
  Config config;
  config.path = reader.string_or("path", config.path);
  if (config.path.empty() || config.path[0] != '/' || config.path.back() == '/' ||
      contains(config.path + "/", "/../"))
    reader.problem("path", "an absolute path of a file without \"..\" expected");
  const std::string dialect = reader.one_of(
      "dialect",
      {"dtenv", "deepspeed", "openmpi", "openmpi5", "hydra", "intelmpi", "slurm", "torchrun"},
      "deepspeed");
  config.dialect = parse_dialect(dialect).value_or(config.dialect);
  config.container = reader.string_or("container", "");
  config.adopt = reader.boolean_or("adopt", false);
  return config;
}

Task<Result<HostfileWriter::Facts>> HostfileWriter::observe(const Config& config, Target& target) {
  Facts facts;
  if (const auto gpus = target.outputs.get("gpus", target.node.name))
    if (const auto count = parse_integer(*gpus, 0, 4096)) facts.gpus = static_cast<int>(*count);
  DT_CO_TRY_ASSIGN(TrainingContainer found,
                   co_await find_training_container(target, config.container));
  facts.container = found.name;
  facts.running = found.running;
  if (!found.running) co_return facts;
  ContainerHost inside(*found.docker, found.name, target.node.name + "/" + found.name);
  DT_CO_TRY_ASSIGN(auto file, co_await inside.read(config.path, std::size_t{8} << 20));
  if (file) facts.text = target.keep(std::move(file->content));
  if (target.node.slots || facts.gpus) co_return facts;
  Command list;
  list.argv = {"nvidia-smi", "-L"};
  list.timeout = std::chrono::seconds(10);
  const auto listed = co_await inside.run(list);
  if (!listed || !listed->ok()) co_return facts;
  const auto lines = split_lines(listed->out);
  facts.gpus = static_cast<int>(std::count_if(
      lines.begin(), lines.end(), [](std::string_view line) { return starts_with(line, "GPU "); }));
  co_return facts;
}

Result<Plan> HostfileWriter::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  DT_TRY_ASSIGN(const RenderedHostfile wanted, wanted_file(config, cluster));
  if (!cluster.machines.empty()) note_lost(config, wanted, *cluster.machines.front().node, plan);
  const auto text = std::make_shared<const std::string>(wanted.text);
  const std::string after = shown(wanted.text);
  for (const auto& machine : cluster.machines) {
    const Facts& facts = machine.facts;
    if (facts.text && *facts.text == wanted.text) continue;
    if (facts.text && !config.adopt && !is_ours(*facts.text, *cluster.nodes)) {
      plan.failures[machine.node->name] =
          Error(Status::state,
                config.path + " in " + facts.container +
                    " is somebody's own (other machines, comments or fields); it is not ours to "
                    "overwrite: move it, name another \"path\", or say \"adopt\": true");
      continue;
    }
    Change change;
    change.node = machine.node->name;
    change.resource = facts.container + ":" + config.path;
    change.action = facts.text ? Action::update : Action::create;
    change.before = facts.text ? shown(*facts.text) : "";
    change.after = after;
    change.reason = facts.text ? "the hostfile names other machines or slots"
                               : "the launcher needs a hostfile with every machine and its slots";
    change.payload = facts.text ? sha256(*facts.text) : "";
    change.common = text;
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

Result<Plan> HostfileWriter::plan_destroy(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  const auto wanted = wanted_file(config, cluster);
  for (const auto& machine : cluster.machines) {
    if (!wanted || !machine.facts.text || *machine.facts.text != wanted->text) continue;
    Change change;
    change.node = machine.node->name;
    change.resource = machine.facts.container + ":" + config.path;
    change.action = Action::remove;
    change.before = shown(*machine.facts.text);
    change.reason = "dtenv wrote it";
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

Task<Result<void>> HostfileWriter::apply(const Config& config, const Change& change,
                                         Target& target) {
  DT_CO_TRY_ASSIGN(ContainerHost inside,
                   co_await enter_training_container(target, config.container));
  if (change.action == Action::remove) {
    Command remove;
    remove.argv = {"rm", "-f", "--", config.path};
    DT_CO_TRY(co_await run_ok(inside, remove));
    co_return Result<void>();
  }
  FileWrite file;
  file.path = config.path;
  file.content = *change.common;
  file.expected_sha256 = change.payload;
  co_return co_await inside.write(file);
}

void HostfileWriter::publish(const Config& config, const Cluster<Facts>& cluster,
                             Outputs& outputs) {
  outputs.set("hostfile", config.path);
  for (const Node& node : *cluster.nodes)
    if (const auto slots = slots_of(node, cluster))
      outputs.set("slots", std::to_string(*slots), node.name);
}

json::object HostfileWriter::describe(const Facts& facts) {
  json::object object;
  object["container"] = facts.container;
  object["running"] = facts.running;
  object["text"] = facts.text ? json::value(to_utf8(shown(*facts.text))) : json::value(nullptr);
  object["gpus"] = facts.gpus ? json::value(*facts.gpus) : json::value(nullptr);
  return object;
}

}  // namespace dtenv
