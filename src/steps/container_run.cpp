#include "steps/container_run.hpp"

#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "net/containers.hpp"
#include "steps/container_check.hpp"

namespace dtenv {

namespace {

using Config = ContainerRun::Config;
using Facts = ContainerRun::Facts;

/// args: PATH…: prints those that are not there.
constexpr std::string_view missing_program =
    R"sh(for p in "$@"; do [ -e "$p" ] || printf '%s\n' "$p"; done)sh";

const ContainerSpec& options_for(const Config& config, const Node& node) {
  const auto own = config.nodes.find(node.name);
  return own == config.nodes.end() ? config.spec : own->second;
}

std::string label(const json::value& container, std::string_view name) {
  boost::system::error_code absent;
  const json::value* labels = container.find_pointer("/Config/Labels", absent);
  const json::value* value =
      labels && labels->is_object() ? labels->as_object().if_contains(name) : nullptr;
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

void read_container(const json::value& container, Facts& facts) {
  facts.container_id = json_text(container, "/Id");
  facts.container_image_id = json_text(container, "/Image");
  facts.container_image = json_text(container, "/Config/Image");
  facts.state = json_text(container, "/State/Status");
  facts.label_cluster = label(container, cluster_label);
  facts.label_spec = label(container, spec_label);
}

Task<Result<void>> observe_paths(const Config& config, Target& target, Facts& facts) {
  Command command;
  command.argv = {"sh", "-c", std::string(missing_program), "dtenv-paths"};
  const std::size_t own = command.argv.size();
  for (const VolumeOption& volume : options_for(config, target.node).volumes)
    if (volume.kind == VolumeOption::Kind::bind) command.argv.push_back(volume.source);
  if (command.argv.size() == own) co_return Result<void>();
  command.timeout = std::chrono::seconds(20);
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await run_ok(target.host, command));
  for (const std::string_view line : split_lines(outcome.out))
    facts.missing_paths.emplace_back(line);
  co_return Result<void>();
}

/// The body of the request, our labels with it.
json::object create_body(const Config& config, Target& target, const std::string& image) {
  ContainerSpec spec = container_for(config, target.node, target.nodes, image);
  const std::string hash = spec_hash(spec);
  spec.labels.emplace_back(cluster_label, target.cluster);
  spec.labels.emplace_back(node_label, target.node.name);
  spec.labels.emplace_back(spec_label, hash);
  return container_create_body(spec);
}

Task<std::string> last_output(Docker& docker, std::string id) {
  std::string said;
  const OutputSink sink = [&said](Stream, std::string_view bytes) { said += bytes; };
  const auto logged = co_await docker.logs(id, 5, sink);
  if (!logged || trim(said).empty()) co_return std::string();
  co_return ": " + visible(replace_all(trim(said), "\n", " | "), 400);
}

/// It has to be up, and to be so still a moment later: the manual's own CMD ends at once.
Task<Result<void>> prove_alive(Docker& docker, std::string name, std::string id) {
  co_await pause(std::chrono::milliseconds(1000));
  DT_CO_TRY_ASSIGN(const auto inspected, co_await docker.inspect_container(id));
  if (inspected && json_text(*inspected, "/State/Status") == "running") co_return Result<void>();
  std::string how = "it is gone";
  if (inspected) {
    boost::system::error_code absent;
    const json::value* code = inspected->find_pointer("/State/ExitCode", absent);
    how = "it ended with exit " + (code ? json::serialize(*code) : std::string("?"));
  }
  const std::string output = co_await last_output(docker, id);
  co_return Error(Status::command,
                  "container " + name + ": " + how + " right after its start" + output);
}

/// Created, started, read back and alive; what does not come up does not stay either.
Task<Result<void>> make_container(const Config& config, Target& target, Docker& docker,
                                  std::string image) {
  const json::object body = create_body(config, target, image);
  target.progress.text("container " + config.name + ": creating it of " + image);
  DT_CO_TRY_ASSIGN(const CreatedContainer created,
                   co_await create_container(docker, config.name, body));
  const std::string id = created.id;
  for (const std::string& warning : created.warnings) target.progress.text("docker: " + warning);
  Result<void> done = co_await start_container(docker, id);
  if (done) {
    DT_CO_TRY_ASSIGN(const auto inspected, co_await docker.inspect_container(id));
    const auto lost =
        inspected ? lost_options(body, *inspected) : std::vector<std::string>{"it is gone"};
    if (!lost.empty())
      done = Error(Status::verify,
                   "container " + config.name +
                       ": the engine did not take what was asked for: " + join(lost, "; "));
  }
  if (done) done = co_await prove_alive(docker, config.name, id);
  if (done) co_return done;
  const auto removed = co_await remove_container(docker, id);
  if (!removed) target.progress.text("container " + config.name + ": " + removed.error().message);
  co_return done;
}

/// Stopped in peace, then removed with its nameless volumes.
Task<Result<void>> end_container(Docker& docker, std::string id) {
  const auto stopped = co_await stop_container(docker, id, std::chrono::seconds(10));
  if (!stopped && stopped.error().status != Status::not_found) co_return stopped.error();
  co_return co_await remove_container(docker, id);
}

/// Starts what is there: unpauses it where it is that.
Task<Result<void>> wake(Docker& docker, const Facts& facts, std::string name) {
  if (facts.state == "paused") {
    const std::string path = "/containers/" + facts.container_id + "/unpause";
    DT_CO_TRY(co_await docker.post(path));
  } else {
    DT_CO_TRY(co_await start_container(docker, facts.container_id));
  }
  co_return co_await prove_alive(docker, name, facts.container_id);
}

}  // namespace

Task<Result<ContainerRun::Facts>> ContainerRun::observe(const Config& config, Target& target) {
  Facts facts;
  facts.cluster = target.cluster;
  const auto promised = target.outputs.get("image");
  facts.image = config.image.empty() ? promised.value_or("") : config.image;
  facts.image_promised = promised && *promised == facts.image;
  DT_CO_TRY(co_await observe_paths(config, target, facts));
  auto docker = co_await target.host.docker();
  if (!docker && docker.error().status == Status::not_found) co_return facts;
  if (!docker) co_return docker.error();
  const auto container = co_await (*docker)->inspect_container(config.name);
  if (!container) co_return container.error();
  facts.engine = true;
  if (*container) read_container(**container, facts);
  if (facts.image.empty()) co_return facts;
  DT_CO_TRY_ASSIGN(const auto image, co_await (*docker)->inspect_image(facts.image));
  if (image) facts.image_id = json_text(*image, "/Id");
  co_return facts;
}

Task<Result<void>> ContainerRun::apply(const Config& config, const Change& change, Target& target) {
  // What was there when the plan was made may have been replaced since: look again, never touch
  // what is not ours.
  DT_CO_TRY_ASSIGN(const Facts facts, co_await observe(config, target));
  DT_CO_TRY_ASSIGN(Docker* const docker, co_await target.host.docker());
  const bool there = !facts.container_id.empty();
  if (there && facts.label_cluster != target.cluster)
    co_return Error(Status::plan_stale, "container " + config.name + " on " + target.node.name +
                                            " is somebody else's by now: it is not touched");
  if (change.action == Action::remove) {
    if (!there) co_return Result<void>();
    co_return co_await end_container(*docker, facts.container_id);
  }
  if (change.action == Action::run && there) co_return co_await wake(*docker, facts, config.name);
  if (there && change.action == Action::create)
    co_return Error(Status::plan_stale,
                    "container " + config.name + " has appeared since the plan was made");
  if (there) {
    target.progress.text("container " + config.name + ": removing the old one");
    DT_CO_TRY(co_await end_container(*docker, facts.container_id));
  }
  co_return co_await make_container(config, target, *docker, facts.image);
}

void ContainerRun::publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs) {
  outputs.set("container", config.name);
  for (const auto& machine : cluster.machines)
    if (!machine.facts.container_id.empty())
      outputs.set("container_id", machine.facts.container_id, machine.node->name);
}

json::object ContainerRun::describe(const Facts& facts) {
  json::object object;
  object["engine"] = facts.engine;
  object["image"] = to_utf8(facts.image);
  object["image_id"] = to_utf8(facts.image_id);
  object["container_id"] = to_utf8(facts.container_id);
  object["state"] = facts.container_id.empty() ? "absent" : to_utf8(facts.state);
  object["ours"] = !facts.container_id.empty() && facts.label_cluster == facts.cluster;
  return object;
}

}  // namespace dtenv
