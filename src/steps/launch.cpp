#include "steps/launch.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.hpp"
#include "steps/launch_plan.hpp"
#include "steps/launch_preflight.hpp"

namespace dtenv {

namespace {

bool is_absolute(const std::string& path) {
  return !path.empty() && path[0] == '/' && !contains(path + "/", "/../");
}

/// Names through which a rank could be made to run something else (reference: hostile environment).
bool is_dangerous(std::string_view name) {
  for (const std::string_view exact :
       {"LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "SHELLOPTS", "IFS", "PS4", "DTENV_JOB"})
    if (name == exact) return true;
  return starts_with(name, "BASH_FUNC_");
}

void check_environment(const Environ& env, JsonReader& reader) {
  for (const auto& [name, value] : env) {
    const bool plain =
        !name.empty() && (name[0] < '0' || name[0] > '9') &&
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
            std::string::npos;
    if (!plain)
      reader.problem("env", "\"" + visible(name) + "\" is no name of a variable");
    else if (is_dangerous(name))
      reader.problem("env", name + " would change what every rank runs",
                     "set it inside the start script if you must");
  }
}

}  // namespace

Launch::Config Launch::parse(JsonReader& reader) {
  Config config;
  config.smoke = reader.boolean_or("smoke", false);
  config.engine = reader.one_of(
      "engine", {"script", "deepspeed", "openmpi", "hydra", "torchrun", "slurm", "direct"},
      config.smoke ? "direct" : "script");
  config.command = reader.strings("command");
  if (config.smoke && !config.command.empty())
    reader.problem("command", "not with smoke, which brings its own");
  if (config.smoke && (config.engine == "script" || config.engine == "deepspeed"))
    reader.problem("engine", config.engine + " begins no ranks for smoke",
                   "direct, torchrun, openmpi, hydra or slurm");
  if (config.smoke) config.command = smoke_command();
  if (config.command.empty())
    reader.problem("command", "missing",
                   "the words of what to run: [\"bash\", \"start.sh\", \"config.sh\"]");
  config.workdir = reader.string_or("workdir", config.workdir);
  if (!is_absolute(config.workdir))
    reader.problem("workdir", "an absolute path without \"..\" expected");
  config.same_paths = reader.strings("same_paths");
  for (const std::string& path : config.same_paths)
    if (!is_absolute(path))
      reader.problem("same_paths", "\"" + visible(path) + "\" is not absolute, or has \"..\"");
  config.env = reader.string_map("env");
  check_environment(config.env, reader);
  config.head = reader.string_or("head", "");
  config.container = reader.string_or("container", "");
  config.hostfile = reader.string_or("hostfile", "");
  if (const auto ranks = reader.integer("ranks", 1, 1 << 20))
    config.ranks = static_cast<int>(*ranks);
  config.master_port =
      static_cast<int>(reader.integer_or("master_port", 1, 65535, config.master_port));
  config.log_folder = reader.string_or("log_folder", "");
  if (!config.log_folder.empty() && !is_absolute(config.log_folder))
    reader.problem("log_folder", "an absolute path without \"..\" expected");
  config.unattended = reader.duration("unattended");
  config.timeout = reader.duration("timeout");
  return config;
}

Result<Plan> Launch::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  const std::string head = launch_head(config, cluster);
  if (!cluster.find(head))
    return Error(Status::config, "launch: the head \"" + head + "\" is no node of this step");
  LaunchOrder order;
  order.id = launch_id(config, cluster);
  const auto last = last_run(config, cluster, order.id);
  if (last && last->state == "exited" && last->exit_code == 0) return plan;

  Change change;
  change.node = head;
  change.resource = "launch " + show_launch(config);
  change.action = Action::run;
  change.after = launch_summary(config, cluster);
  change.reason = "it has not been run";
  if (last) {
    order.attempt = attempt_of(*last);
    order.follow = last->state == "running";
    change.before = "run " + last->name + " " + last->state;
    change.reason = order.follow ? "it is running: it is followed, not started again"
                    : last->state == "exited"
                        ? "its last run ended with exit " + std::to_string(last->exit_code)
                        : "its last run was cut off before it ended";
    if (!order.follow) ++order.attempt;
  }
  const bool ready = std::all_of(cluster.machines.begin(), cluster.machines.end(),
                                 [](const auto& machine) { return machine.facts.running; });
  if (ready && !order.follow) {
    DT_TRY(preflight(config, cluster, plan.notes));
  }
  // A follower needs it too, to tell which rank is on which node.
  if (ready) {
    DT_TRY(fill_command(config, cluster, order));
  }
  change.payload = write_order(order);
  plan.changes.push_back(std::move(change));
  return plan;
}

void Launch::publish(const Config&, const Cluster<Facts>&, Outputs&) {}

json::object Launch::describe(const Facts& facts) {
  json::object object;
  object["container"] = facts.container;
  object["running"] = facts.running;
  json::array runs;
  for (const Run& run : facts.runs) {
    json::object item;
    item["run"] = run.name;
    item["state"] = run.state;
    item["exit_code"] = run.exit_code;
    runs.push_back(std::move(item));
  }
  object["runs"] = std::move(runs);
  json::object found;
  for (const auto& [name, value] : facts.found)
    if (name != "clock") found[name] = value;
  object["found"] = std::move(found);
  json::object digests;
  for (const auto& [path, manifest] : facts.manifests) digests[path] = sha256(manifest);
  object["same_paths"] = std::move(digests);
  return object;
}

}  // namespace dtenv
