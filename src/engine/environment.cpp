#include "engine/environment.hpp"

#include <algorithm>

#include "steps/registry.hpp"

namespace dtenv {

namespace {

std::vector<std::string> known_kinds() {
  std::vector<std::string> kinds;
  for (const StepRow& row : step_registry()) kinds.emplace_back(row.kind);
  return kinds;
}

std::optional<StepEntry> parse_step(JsonReader& reader, const std::vector<Node>& nodes) {
  const std::string kind = reader.required_string("kind");
  const StepRow* row = find_step(kind);
  if (!row) {
    const auto near = nearest(kind, known_kinds());
    if (!kind.empty())
      reader.problem(
          "kind", "\"" + visible(kind) + "\" is no step",
          near ? "did you mean \"" + *near + "\"?" : "known: " + join(known_kinds(), ", "));
    return std::nullopt;
  }
  StepEntry entry;
  entry.id = reader.string_or("id", kind);
  entry.after = reader.string_or_strings("after");
  for (const std::string& name : reader.string_or_strings("on")) {
    const bool known =
        std::any_of(nodes.begin(), nodes.end(), [&](const Node& n) { return n.name == name; });
    if (!known) reader.problem("on", "\"" + visible(name) + "\" is no node of this document");
    entry.on.insert(name);
  }
  entry.step = row->parse(reader);
  reader.finish();
  return entry;
}

std::set<std::string> parse_allow(JsonReader& document) {
  std::set<std::string> allow;
  const std::vector<std::string> known = {"containers", "docker", "reboot"};
  for (const std::string& word : document.strings("allow")) {
    if (std::find(known.begin(), known.end(), word) == known.end())
      document.problem("allow", "\"" + visible(word) + "\" is no disruption",
                       "known: " + join(known, ", "));
    allow.insert(word);
  }
  return allow;
}

}  // namespace

Result<Environment> parse_environment(std::string_view text) {
  JsonSyntax syntax;
  syntax.comments = true;
  syntax.trailing_commas = true;
  DT_TRY_ASSIGN(const JsonNode root, parse_json(text, "the environment document", syntax));
  JsonReader reader(root, text);
  Environment environment;
  reader.value("$schema");  // for editors
  if (const auto version = reader.integer("v", 1, 1); !version && !reader.has("v"))
    reader.problem("v", "missing", "write \"v\": 1");
  environment.cluster = reader.string_or("cluster", "dtenv");
  const std::string& cluster = environment.cluster;
  const bool plain = !cluster.empty() && cluster.size() <= 63 && cluster[0] != '-' &&
                     cluster.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789._-") == std::string::npos;
  if (!plain)
    reader.problem(
        "cluster",
        "must be 1 to 63 letters, digits, \".\", \"_\" or \"-\", and not begin with \"-\"");
  environment.nodes = parse_nodes(reader);
  std::vector<StepEntry> steps;
  for (JsonReader& step : reader.objects("steps"))
    if (auto entry = parse_step(step, environment.nodes)) steps.push_back(std::move(*entry));
  if (!reader.has("steps"))
    reader.problem("steps", "missing", "list what to set up: \"steps\": [{\"kind\": …}]");
  environment.steps = order_steps(std::move(steps), reader);
  environment.allow = parse_allow(reader);
  reader.finish();
  DT_TRY(reader.result("the environment document"));
  return environment;
}

std::vector<StepEntry> order_steps(std::vector<StepEntry> steps, JsonReader& document) {
  std::set<std::string> ids;
  for (const StepEntry& entry : steps)
    if (!ids.insert(entry.id).second)
      document.problem("steps", "two steps are called \"" + entry.id + "\"",
                       "give one of them an \"id\"");
  for (const StepEntry& entry : steps)
    for (const std::string& name : entry.after)
      if (std::none_of(steps.begin(), steps.end(), [&](const StepEntry& other) {
            return other.id == name || other.step->kind() == name;
          }))
        document.problem("steps", "\"" + entry.id + "\" comes after \"" + visible(name) +
                                      "\", which is no step of this document");
  if (document.failed()) return steps;

  std::vector<StepEntry> ordered;
  const auto waits_for = [](const StepEntry& entry, const StepEntry& other) {
    return std::any_of(entry.after.begin(), entry.after.end(), [&](const std::string& name) {
      return other.id == name || other.step->kind() == name;
    });
  };
  while (!steps.empty()) {
    const auto ready = std::find_if(steps.begin(), steps.end(), [&](const StepEntry& entry) {
      return std::none_of(steps.begin(), steps.end(),
                          [&](const StepEntry& other) { return waits_for(entry, other); });
    });
    if (ready == steps.end()) {
      document.problem("steps", "\"" + steps.front().id + "\" comes after itself by its \"after\"");
      return steps;
    }
    ordered.push_back(std::move(*ready));
    steps.erase(ready);
  }
  return ordered;
}

}  // namespace dtenv
