// The acting half of Launch: begin, follow, stop.
#include <algorithm>

#include "base/parallel.hpp"
#include "formats/mpi_output.hpp"
#include "steps/launch.hpp"
#include "steps/launch_programs.hpp"
#include "steps/line_buffer.hpp"
#include "steps/training_container.hpp"

namespace dtenv {

namespace {

constexpr Duration without_limit = std::chrono::hours(24 * 365);

std::string folder_of(const LaunchOrder& order) {
  return std::string(launch_folder) + "/" + order.id + "." + std::to_string(order.attempt);
}

/// Hands the run's lines on with node and rank, and keeps the end of what the launcher itself says.
class Output {
 public:
  Output(const LaunchOrder& order, std::string head, Progress& progress)
      : order_(order), head_(std::move(head)), progress_(progress) {}

  void take(Stream stream, std::string_view bytes) {
    auto& buffer = stream == Stream::out ? out_ : err_;
    buffer.add(bytes, [&](std::string_view line) { tell(stream, line); });
  }
  void finish() {
    out_.finish([&](std::string_view line) { tell(Stream::out, line); });
    err_.finish([&](std::string_view line) { tell(Stream::err, line); });
  }
  const std::string& tail() const { return tail_; }

 private:
  void tell(Stream stream, std::string_view line) {
    const auto tagged = parse_tagged_line(line);
    if (!tagged) {
      tail_.append(line).push_back('\n');
      if (tail_.size() > 16384) tail_.erase(0, tail_.size() - 8192);
      progress_.output(head_ + (stream == Stream::out ? " out" : " err"), line);
      return;
    }
    const auto rank = static_cast<std::size_t>(tagged->rank);
    const std::string& host = rank < order_.rank_hosts.size() ? order_.rank_hosts[rank] : head_;
    progress_.output(host + " rank " + std::to_string(rank) + (tagged->error ? " err" : " out"),
                     tagged->text);
  }

  const LaunchOrder& order_;
  std::string head_;
  Progress& progress_;
  LineBuffer out_;
  LineBuffer err_;
  std::string tail_;
};

Task<Result<void>> begin(const Launch::Config& config, const LaunchOrder& order,
                         ContainerHost& inside) {
  Command start;
  start.argv = {"sh", "-c", std::string(start_program), "dtenv", folder_of(order), config.workdir};
  start.argv.insert(start.argv.end(), order.argv.begin(), order.argv.end());
  start.env = order.env;
  start.env.emplace_back("DTENV_JOB", order.id);
  const auto begun = co_await inside.run(start);
  if (!begun) co_return begun.error();
  // 75: another follower was first; there is one run all the same, and we follow it too.
  if (begun->ok() || begun->exit_code == 75) co_return Result<void>();
  co_return command_error(start, *begun);
}

/// Why a run that ended with `code` failed, with node and rank where the launcher names them.
Error run_error(const Launch::Config& config, const LaunchOrder& order, int code,
                const std::string& tail) {
  std::string message = show_argv(config.command) + ": ";
  message +=
      code > 128 ? "ended by signal " + std::to_string(code - 128) : "exit " + std::to_string(code);
  if (const auto first = parse_first_failure(tail); first && first->rank) {
    const auto rank = static_cast<std::size_t>(*first->rank);
    const std::string host = !first->host.empty()             ? first->host
                             : rank < order.rank_hosts.size() ? order.rank_hosts[rank]
                                                              : "";
    message += ", first on " + (host.empty() ? "" : host + " ") + "rank " + std::to_string(rank);
  } else {
    const auto lines = split_lines(tail);
    if (!lines.empty()) message += ": " + visible(lines.back(), 300);
  }
  return {Status::command, std::move(message)};
}

/// The exit status the run left, once it has ended.
Task<Result<int>> exit_of(const LaunchOrder& order, ContainerHost& inside) {
  const std::string path = folder_of(order) + "/exit";
  DT_CO_TRY_ASSIGN(const auto file, co_await inside.read(path, 64));
  const auto code = file ? parse_integer(trim(file->content), 0, 255) : std::nullopt;
  if (!code)
    co_return Error(
        Status::command,
        "run " + order.id + ": it was cut off; its container or its supervisor was killed");
  co_return static_cast<int>(*code);
}

/// Ends every process of the run in one machine's container; how many would not go.
Task<Result<int>> stop_on(Host& host, const std::string& container, const std::string& id,
                          int grace) {
  auto docker = co_await host.docker();
  if (!docker) co_return docker.error();
  ContainerHost inside(**docker, container, host.name() + "/" + container);
  Command command;
  command.argv = {"sh", "-c", std::string(stop_program), "dtenv", id, std::to_string(grace)};
  command.timeout = std::chrono::seconds(grace + 10);
  DT_CO_TRY_ASSIGN(const Outcome done, co_await run_ok(inside, command));
  const auto left = parse_integer(trim(done.out), 0, 1 << 30);
  co_return left ? static_cast<int>(*left) : 0;
}

/// What stopping came to, in the document's order; empty: nothing of the run is left there.
struct Stops {
  const Launch::Config& config;
  const LaunchOrder& order;
  Target& target;
  std::vector<std::string> troubles;
};

Task<void> stop_at(Stops& stops, std::size_t index) {
  Target& target = stops.target;
  const Node& node = target.nodes[index];
  Host* host = node.name == target.node.name ? &target.host : target.peer(node.name);
  if (host == nullptr) co_return;
  std::string container = stops.config.container;
  if (container.empty()) container = target.outputs.get("container", node.name).value_or("");
  if (container.empty()) container = target.outputs.get("container").value_or("");
  const auto left = co_await stop_on(*host, container, stops.order.id, 1);
  if (!left)
    stops.troubles[index] = node.name + ": " + left.error().message;
  else if (*left > 0)
    stops.troubles[index] = node.name + ": " + std::to_string(*left) + " processes stay";
}

/// On all machines at once: each may take its grace.
Task<Result<void>> stop_everywhere(const Launch::Config& config, const LaunchOrder& order,
                                   Target& target) {
  Stops stops{config, order, target, {}};
  stops.troubles.resize(target.nodes.size());
  std::function<Task<void>(std::size_t)> work = [&stops](std::size_t index) {
    return stop_at(stops, index);
  };
  co_await for_each_parallel(stops.troubles.size(), 64, std::move(work));
  std::vector<std::string> troubles;
  for (std::string& trouble : stops.troubles)
    if (!trouble.empty()) troubles.push_back(std::move(trouble));
  if (troubles.empty()) co_return Result<void>();
  co_return Error(Status::command,
                  "run " + order.id + " could not be stopped everywhere: " + join(troubles, "; "));
}

}  // namespace

Task<Result<void>> Launch::apply(const Config& config, const Change& change, Target& target) {
  DT_CO_TRY_ASSIGN(const LaunchOrder order, read_order(change.payload));
  DT_CO_TRY_ASSIGN(ContainerHost inside,
                   co_await enter_training_container(target, config.container));
  if (!order.follow && order.argv.empty())
    co_return Error(Status::state, "launch: a container is not running yet");
  if (!order.follow) {
    DT_CO_TRY(co_await begin(config, order, inside));
  }
  target.progress.text("run " + order.id + "." + std::to_string(order.attempt) +
                       (order.follow ? " followed" : " begun"));

  Output output(order, target.node.name, target.progress);
  Command follow;
  follow.argv = {"sh", "-c", std::string(follow_program), "dtenv", folder_of(order), "1", "1"};
  follow.timeout = config.timeout.value_or(without_limit);
  const OutputSink sink = [&output](Stream stream, std::string_view bytes) {
    output.take(stream, bytes);
  };
  const auto followed = co_await inside.run(follow, sink);
  output.finish();
  if (!followed && followed.error().status == Status::timeout) {
    DT_CO_TRY(co_await stop_everywhere(config, order, target));
    co_return Error(Status::timeout,
                    show_argv(config.command) + ": stopped after " + show_duration(follow.timeout));
  }
  if (!followed) co_return followed.error();
  DT_CO_TRY_ASSIGN(const int code, co_await exit_of(order, inside));
  if (code == 0) co_return Result<void>();
  co_return run_error(config, order, code, output.tail());
}

Task<Result<void>> Launch::stop(const Config& config, const Change& change, Target& target) {
  DT_CO_TRY_ASSIGN(const LaunchOrder order, read_order(change.payload));
  co_return co_await stop_everywhere(config, order, target);
}

}  // namespace dtenv
