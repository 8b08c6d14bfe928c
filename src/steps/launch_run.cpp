// The acting half of Launch: begin, follow, tell how it ended, stop.
#include <algorithm>
#include <deque>

#include "formats/mpi_output.hpp"
#include "steps/launch.hpp"
#include "steps/launch_nodes.hpp"
#include "steps/launch_output.hpp"
#include "steps/launch_plan.hpp"
#include "steps/launch_programs.hpp"
#include "steps/launch_result.hpp"

namespace dtenv {

namespace {

constexpr Duration without_limit = std::chrono::hours(24 * 365);

/// One run, begun or found, until its end.
struct Work {
  const Launch::Config& config;
  const LaunchOrder& order;
  Target& target;
  std::vector<Node> nodes;           // on which something is begun
  std::vector<int> codes;            // how that ended, by node
  std::deque<LaunchOutput> outputs;  // by node
  std::vector<RankEnd> ranks;
  bool stopping = false;

  std::size_t index_of(const Node& node) const {
    const auto found = std::find_if(nodes.begin(), nodes.end(),
                                    [&](const Node& other) { return other.name == node.name; });
    return static_cast<std::size_t>(found - nodes.begin());
  }
};

std::vector<std::string> ranks_of(const LaunchOrder& order, const std::string& node) {
  std::vector<std::string> ranks;
  if (!order.per_node) return ranks;
  for (std::size_t rank = 0; rank < order.rank_hosts.size(); ++rank)
    if (order.rank_hosts[rank] == node) ranks.push_back(std::to_string(rank));
  return ranks;
}

/// Whom the keeper ends over ssh when the run has failed and nobody follows.
std::string others(const Work& run, const Node& node) {
  std::string names;
  for (const Node& other : run.target.nodes)
    if (other.name != node.name) names += (names.empty() ? "" : " ") + other.name;
  return names;
}

std::string unattended_s(const Launch::Config& config) {
  if (!config.unattended) return "";
  return std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(*config.unattended).count());
}

Task<Result<void>> begin(Work& run, const Node& node) {
  const NodeCommand& what = run.order.nodes[run.index_of(node)];
  DT_CO_TRY_ASSIGN(ContainerHost inside, co_await enter_node(run.config, run.target, node));
  Command start;
  start.argv = {"sh",
                "-c",
                std::string(start_program),
                "dtenv",
                run_folder(run.order),
                run.order.id,
                run.config.workdir,
                std::string(stop_program),
                unattended_s(run.config),
                others(run, node)};
  start.argv.insert(start.argv.end(), what.argv.begin(), what.argv.end());
  for (const auto& item : what.env)
    if (item.first != "DTENV_JOB") start.env.push_back(item);
  const auto begun = co_await inside.run(start);
  if (!begun) co_return begun.error();
  // 75: another follower was first; there is one run all the same, and we follow it too.
  if (begun->ok() || begun->exit_code == 75) co_return Result<void>();
  start.argv.resize(1);
  co_return command_error(start, *begun);
}

/// The exit status the run left on this node, once it has ended.
Task<Result<int>> exit_of(Work& run, ContainerHost& inside) {
  const std::string path = run_folder(run.order) + "/exit";
  DT_CO_TRY_ASSIGN(const auto file, co_await inside.read(path, 64));
  const auto code = file ? parse_integer(trim(file->content), 0, 255) : std::nullopt;
  if (!code)
    co_return Error(Status::command, "run " + run.order.id + ": it was cut off on " +
                                         inside.name() +
                                         "; its container or its keeper was killed");
  co_return static_cast<int>(*code);
}

/// The first part that fails takes the others with it.
Task<void> end_others(Work& run) {
  if (std::exchange(run.stopping, true)) co_return;
  const auto stopped = co_await stop_everywhere(run.config, run.order, run.target);
  if (!stopped) run.target.progress.text(stopped.error().message);
}

/// The way to the container is gone; the container need not be.
bool is_cut_off(const Error& error) {
  return error.status == Status::host || error.status == Status::not_found ||
         error.status == Status::io;
}

Error not_followed(Work& run, const Node& node, const Error& why) {
  run.target.progress.text(node.name + ": not followed any more, the run goes on: " + why.message);
  if (!is_cut_off(why)) return why;
  return {Status::host,
          node.name + ": the connection was lost; the run goes on, and the next apply follows it"};
}

Task<Result<void>> follow(Work& run, const Node& node) {
  const std::size_t index = run.index_of(node);
  DT_CO_TRY_ASSIGN(ContainerHost inside, co_await enter_node(run.config, run.target, node));
  Command command;
  command.argv = {"sh",
                  "-c",
                  std::string(follow_program),
                  "dtenv",
                  run_folder(run.order),
                  run.order.id,
                  std::string(stop_program),
                  unattended_s(run.config),
                  run.order.logs};
  for (std::string& rank : ranks_of(run.order, node.name)) command.argv.push_back(std::move(rank));
  command.hold_input = true;
  command.timeout = run.config.timeout.value_or(without_limit);
  LaunchOutput& output = run.outputs[index];
  const OutputSink sink = [&output](Stream stream, std::string_view bytes) {
    output.take(stream, bytes);
  };
  const auto followed = co_await inside.run(command, sink);
  output.finish();
  if (!followed && followed.error().status == Status::timeout) {
    co_await end_others(run);
    co_return Error(Status::timeout, "stopped after " + show_duration(command.timeout));
  }
  if (!followed) co_return not_followed(run, node, followed.error());
  const auto code = co_await exit_of(run, inside);
  if (!code && is_cut_off(code.error())) co_return not_followed(run, node, code.error());
  if (!code || *code != 0) co_await end_others(run);
  if (!code) co_return code.error();
  run.codes[index] = *code;
  co_return Result<void>();
}

Task<Result<void>> collect(Work& run, const Node& node) {
  DT_CO_TRY_ASSIGN(ContainerHost inside, co_await enter_node(run.config, run.target, node));
  Command command;
  command.argv = {"sh", "-c", std::string(collect_program), "dtenv", run_folder(run.order)};
  DT_CO_TRY_ASSIGN(const Outcome told, co_await run_ok(inside, command));
  for (RankEnd& end : parse_rank_ends(told.out, node.name)) run.ranks.push_back(std::move(end));
  co_return Result<void>();
}

/// Which rank is where, beside the logs; and the files the engine reads. On the head.
Task<Result<void>> write_files(Work& run) {
  DT_CO_TRY_ASSIGN(ContainerHost inside,
                   co_await enter_node(run.config, run.target, run.target.node));
  std::vector<LaunchFile> files = run.order.files;
  if (!run.order.logs.empty() && !run.config.log_folder.empty())
    files.push_back({"", run.order.logs + "/index.json", index_text(run.order)});
  for (const LaunchFile& launch_file : files) {
    FileWrite file;
    file.path = launch_file.path;
    file.content = launch_file.text;
    DT_CO_TRY(co_await inside.write(file));
  }
  co_return Result<void>();
}

Task<Result<void>> begin_all(Work& run) {
  if (!run.order.follow) {
    DT_CO_TRY(co_await prepare_nodes(run.config, run.order, run.target));
    if (run.order.attempt > 1) {
      DT_CO_TRY(co_await stop_everywhere(run.config, run.order, run.target));
    }
    DT_CO_TRY(co_await write_files(run));
  }
  NodeWork work = [&run](const Node& node) { return begin(run, node); };
  const NodeTroubles troubles = co_await on_every_node(run.nodes, std::move(work));
  for (const auto& error : troubles.errors) {
    if (!error) continue;
    co_await end_others(run);
    co_return *error;
  }
  run.target.progress.text("run " + run.order.id + "." + std::to_string(run.order.attempt) +
                           (run.order.follow ? " followed" : " begun"));
  co_return Result<void>();
}

/// What was said last: by the launcher, else by a rank.
std::string last_words(const Work& run) {
  std::string said;
  for (const LaunchOutput& output : run.outputs) said += output.tail();
  if (!parse_first_failure(said))
    for (const LaunchOutput& output : run.outputs) said += output.rank_tail();
  return said;
}

}  // namespace

Task<Result<void>> Launch::apply(const Config& config, const Change& change, Target& target) {
  DT_CO_TRY_ASSIGN(const LaunchOrder order, read_order(change.payload));
  if (order.nodes.empty()) co_return Error(Status::state, "launch: a container is not running yet");
  Work run{config, order, target, {}, {}, {}, {}, false};
  for (const NodeCommand& part : order.nodes) {
    const auto found = std::find_if(target.nodes.begin(), target.nodes.end(),
                                    [&](const Node& node) { return node.name == part.name; });
    if (found == target.nodes.end())
      co_return Error(Status::internal, "launch: no node " + part.name);
    run.nodes.push_back(*found);
    run.outputs.emplace_back(order, part.name, target.progress);
  }
  run.codes.resize(run.nodes.size());
  DT_CO_TRY(co_await begin_all(run));

  NodeWork work = [&run](const Node& node) { return follow(run, node); };
  const NodeTroubles troubles = co_await on_every_node(run.nodes, std::move(work));
  for (std::size_t i = 0; i < run.nodes.size(); ++i) {
    if (!troubles.errors[i]) continue;
    Error told = *troubles.errors[i];
    told.message = show_launch(config) + ": " + told.message;
    const std::string end = std::string(unknown_end(told.status)) + " on " + run.nodes[i].name;
    told.detail.insert(told.detail.begin(), {"result", 0, 0, end, ""});
    co_return told;
  }
  NodeWork gather = [&run](const Node& node) { return collect(run, node); };
  co_await on_every_node(target.nodes, std::move(gather));
  const std::string said = last_words(run);
  const LaunchResult result = launch_result(order, run.codes, std::move(run.ranks), said);
  target.progress.text("result " + result_text(result));
  if (result.type == "OK") co_return Result<void>();
  co_await end_others(run);
  co_return result_error(config, result, said);
}

Task<Result<void>> Launch::stop(const Config& config, const Change& change, Target& target) {
  DT_CO_TRY_ASSIGN(const LaunchOrder order, read_order(change.payload));
  co_return co_await stop_everywhere(config, order, target);
}

}  // namespace dtenv
