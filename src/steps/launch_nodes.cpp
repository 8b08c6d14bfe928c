#include "steps/launch_nodes.hpp"

#include <algorithm>

#include "base/parallel.hpp"
#include "steps/launch_peers.hpp"
#include "steps/launch_preflight_programs.hpp"
#include "steps/launch_programs.hpp"

namespace dtenv {

namespace {

constexpr int stop_grace_s = 1;
constexpr std::size_t groups_at_once = 8;

struct Share {
  const std::vector<Node>& nodes;
  NodeWork work;
  NodeTroubles troubles;
};

Task<void> one_node(Share& share, std::size_t index) {
  const auto done = co_await share.work(share.nodes[index]);
  if (!done) share.troubles.errors[index] = done.error();
}

/// What a launch's own folders and the probe of its ports need to know.
struct Preparation {
  const Launch::Config& config;
  const LaunchOrder& order;
  Target& target;
  std::vector<Problem> problems;
};

Task<Result<void>> prepare_one(Preparation& preparation, const Node& node) {
  DT_CO_TRY_ASSIGN(ContainerHost inside,
                   co_await enter_node(preparation.config, preparation.target, node, "root"));
  const auto interface = preparation.order.interfaces.find(node.name);
  Command command;
  command.argv = {"sh",
                  "-c",
                  std::string(prepare_program),
                  "dtenv",
                  node.container_user,
                  interface == preparation.order.interfaces.end() ? "" : interface->second,
                  preparation.config.log_folder};
  const auto done = co_await run_ok(inside, command);
  if (!done) co_return done.error();
  co_return Result<void>();
}

void judge_probe(Preparation& preparation, const Node& node, const std::string& text) {
  const bool master = node.name == preparation.target.nodes.front().name;
  const std::string port = std::to_string(preparation.config.master_port);
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() == 1 && words[0] == "busy" && master)
      preparation.problems.push_back({"master_port", 0, 0,
                                      "port " + port + " cannot be bound on " + node.name,
                                      "end what listens there, or choose another master_port"});
    // Somebody else may listen on a worker's port: only the master's is ours alone.
    if (words.size() != 3 || words[0] != "peer" || words[2] == "ok" || words[2] == "other")
      continue;
    preparation.problems.push_back(
        {"reach", 0, 0,
         node.name + " does not reach " + std::string(words[1]) + " on port " + port + ": " +
             std::string(words[2]),
         words[2] == "timeout" ? "a firewall drops it, or the address is wrong: open the ports "
                                 "between the nodes"
                               : "check the addresses of the nodes and the firewall between them"});
  }
}

using Group = std::vector<std::size_t>;

Task<Result<void>> probe_one(Preparation& preparation, const Group& group, const Node& node) {
  DT_CO_TRY_ASSIGN(ContainerHost inside,
                   co_await enter_node(preparation.config, preparation.target, node));
  Command command;
  command.argv = {
      "perl",    "-e", std::string(probe_program), std::to_string(preparation.config.master_port),
      node.name, "2"};
  for (const std::size_t index : group) {
    const Node& peer = preparation.target.nodes[index];
    if (peer.name != node.name) command.argv.push_back(peer.name + "=" + peer.address);
  }
  command.timeout = std::chrono::seconds(20);
  DT_CO_TRY_ASSIGN(const Outcome told, co_await inside.run(command));
  if (told.ok())
    judge_probe(preparation, node, told.out);
  else if (told.exit_code == 127)
    preparation.target.progress.text(node.name + ": no perl in the container: ports not tried");
  else
    co_return command_error(command, told);
  co_return Result<void>();
}

void add_troubles(const std::vector<Node>& nodes, const NodeTroubles& troubles,
                  std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (troubles.errors[i])
      problems.push_back(
          {"container", 0, 0, nodes[i].name + ": " + troubles.errors[i]->message, ""});
}

/// The members of a group at once, a few groups at a time: all of a group listen while they ask.
Task<void> probe_group_of(Preparation& preparation, const Group& group) {
  std::vector<Node> nodes;
  for (const std::size_t index : group) nodes.push_back(preparation.target.nodes[index]);
  NodeWork probe = [&](const Node& node) { return probe_one(preparation, group, node); };
  const NodeTroubles unprobed = co_await on_every_node(nodes, std::move(probe));
  add_troubles(nodes, unprobed, preparation.problems);
}

Task<void> probe_all(Preparation& preparation) {
  const std::vector<Group> groups = probe_groups(preparation.target.nodes.size());
  // The first half has every node once, so has the second: a node is not in two at a time.
  const std::size_t half = std::max<std::size_t>(1, groups.size() / 2);
  for (std::size_t begin = 0; begin < groups.size(); begin += half) {
    std::function<Task<void>(std::size_t)> each = [&, begin](std::size_t index) {
      return probe_group_of(preparation, groups[begin + index]);
    };
    co_await for_each_parallel(half, groups_at_once, std::move(each));
  }
}

/// How many would not go is an error too.
Task<Result<void>> stop_one(const Launch::Config& config, const LaunchOrder& order, Target& target,
                            const Node& node) {
  // A machine that never was connected has nothing of this run that could be reached.
  if (node.name != target.node.name && target.peer(node.name) == nullptr) co_return Result<void>();
  DT_CO_TRY_ASSIGN(ContainerHost inside, co_await enter_node(config, target, node));
  Command command;
  command.argv = {"sh",    "-c",     std::string(stop_program),
                  "dtenv", order.id, std::to_string(stop_grace_s)};
  command.timeout = std::chrono::seconds(stop_grace_s + 10);
  DT_CO_TRY_ASSIGN(const Outcome done, co_await run_ok(inside, command));
  const auto left = parse_integer(trim(done.out), 0, 1 << 30).value_or(0);
  if (left > 0) co_return Error(Status::command, std::to_string(left) + " processes stay");
  co_return Result<void>();
}

}  // namespace

bool NodeTroubles::none() const {
  return std::none_of(errors.begin(), errors.end(), [](const auto& error) { return !!error; });
}

Task<NodeTroubles> on_every_node(const std::vector<Node>& nodes, NodeWork work) {
  Share share{nodes, std::move(work), {}};
  share.troubles.errors.resize(nodes.size());
  std::function<Task<void>(std::size_t)> each = [&share](std::size_t index) {
    return one_node(share, index);
  };
  co_await for_each_parallel(nodes.size(), nodes.size(), std::move(each));
  co_return std::move(share.troubles);
}

Task<Result<ContainerHost>> enter_node(const Launch::Config& config, Target& target,
                                       const Node& node, std::string user) {
  Host* host = node.name == target.node.name ? &target.host : target.peer(node.name);
  if (host == nullptr) co_return Error(Status::host, node.name + " is not connected");
  std::string container = config.container;
  if (container.empty()) container = target.outputs.get("container", node.name).value_or("");
  if (container.empty()) container = target.outputs.get("container").value_or("");
  auto docker = co_await host->docker();
  if (!docker) co_return docker.error();
  if (user.empty()) user = node.container_user;
  co_return ContainerHost(**docker, container, node.name + "/" + container, std::move(user));
}

Task<Result<void>> prepare_nodes(const Launch::Config& config, const LaunchOrder& order,
                                 Target& target) {
  Preparation preparation{config, order, target, {}};
  NodeWork prepare = [&preparation](const Node& node) { return prepare_one(preparation, node); };
  const NodeTroubles unprepared = co_await on_every_node(target.nodes, std::move(prepare));
  add_troubles(target.nodes, unprepared, preparation.problems);
  if (preparation.problems.empty() && target.nodes.size() > 1) co_await probe_all(preparation);
  if (preparation.problems.empty()) co_return Result<void>();
  std::string message = "launch: not begun: " + preparation.problems.front().problem;
  if (preparation.problems.size() > 1)
    message += ", and " + std::to_string(preparation.problems.size() - 1) + " more";
  co_return Error(Status::state, std::move(message), std::move(preparation.problems));
}

Task<Result<void>> stop_everywhere(const Launch::Config& config, const LaunchOrder& order,
                                   Target& target) {
  NodeWork stop = [&](const Node& node) { return stop_one(config, order, target, node); };
  const NodeTroubles troubles = co_await on_every_node(target.nodes, std::move(stop));
  if (troubles.none()) co_return Result<void>();
  std::vector<Problem> problems;
  add_troubles(target.nodes, troubles, problems);
  std::string message =
      "run " + order.id + " could not be stopped everywhere: " + problems.front().problem;
  co_return Error(Status::command, std::move(message), std::move(problems));
}

}  // namespace dtenv
