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

/// Every node of the document, whether it answered or not: nobody is dropped silently.
Result<std::string> wanted_text(const HostfileWriter::Config& config,
                                const Cluster<HostfileWriter::Facts>& cluster) {
  std::vector<HostEntry> hosts;
  for (const Node& node : *cluster.nodes) {
    HostEntry entry;
    entry.name = node.name;
    const auto slots = slots_of(node, cluster);
    if (!slots || (*slots == 0 && !node.slots))
      return Error(
          Status::config,
          "slots of " + node.name +
              ": the document gives none and no GPU was found there; add \"slots\" to the node");
    entry.slots = *slots;
    hosts.push_back(std::move(entry));
  }
  DT_TRY_ASSIGN(RenderedHostfile rendered, render_hostfile(hosts, config.dialect));
  return std::move(rendered.text);
}

/// A file that names just machines of this cluster is about it and may be brought up to date.
bool is_about(const std::string& text, const HostfileWriter::Config& config,
              const std::vector<Node>& nodes) {
  const auto parsed = parse_hostfile(text, config.dialect);
  if (!parsed) return trim(text).empty();
  return std::all_of(parsed->hosts.begin(), parsed->hosts.end(), [&](const HostEntry& host) {
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](const Node& n) { return n.name == host.name; });
  });
}

}  // namespace

HostfileWriter::Config HostfileWriter::parse(JsonReader& reader) {
  Config config;
  config.path = reader.string_or("path", config.path);
  if (config.path.empty() || config.path[0] != '/' || config.path.back() == '/' ||
      contains(config.path + "/", "/../"))
    reader.problem("path", "an absolute path of a file without \"..\" expected");
  const std::string dialect =
      reader.one_of("dialect", {"dtenv", "deepspeed", "openmpi", "hydra"}, "deepspeed");
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
  if (file) facts.text = std::move(file->content);
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
  DT_TRY_ASSIGN(const std::string wanted, wanted_text(config, cluster));
  for (const auto& machine : cluster.machines) {
    const Facts& facts = machine.facts;
    if (facts.text == wanted) continue;
    if (facts.text && !config.adopt && !is_about(*facts.text, config, *cluster.nodes)) {
      plan.failures[machine.node->name] =
          Error(Status::state,
                config.path + " in " + facts.container +
                    " names other machines; it is not ours to overwrite (\"adopt\": true does)");
      continue;
    }
    Change change;
    change.node = machine.node->name;
    change.resource = facts.container + ":" + config.path;
    change.action = facts.text ? Action::update : Action::create;
    change.before = facts.text.value_or("");
    change.after = wanted;
    change.reason = facts.text ? "the hostfile names other machines or slots"
                               : "the launcher needs a hostfile with every machine and its slots";
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

Result<Plan> HostfileWriter::plan_destroy(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  const auto wanted = wanted_text(config, cluster);
  for (const auto& machine : cluster.machines) {
    if (!wanted || machine.facts.text != *wanted) continue;
    Change change;
    change.node = machine.node->name;
    change.resource = machine.facts.container + ":" + config.path;
    change.action = Action::remove;
    change.before = *machine.facts.text;
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
  file.content = change.after;
  file.expected_sha256 = change.action == Action::create ? "" : sha256(change.before);
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
  object["text"] = facts.text ? json::value(to_utf8(*facts.text)) : json::value(nullptr);
  object["gpus"] = facts.gpus ? json::value(*facts.gpus) : json::value(nullptr);
  return object;
}

}  // namespace dtenv
