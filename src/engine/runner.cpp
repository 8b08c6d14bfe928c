#include "engine/runner.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "base/parallel.hpp"
#include "engine/step_progress.hpp"

namespace dtenv {

namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

Runner::Runner(RunnerOptions options, Environment environment, Approval approval,
               EventStream events)
    : options_(std::move(options)),
      environment_(std::move(environment)),
      approval_(std::move(approval)),
      events_(std::move(events)) {
  report_.job = options_.job_id;
  report_.kind = options_.kind;
  report_.cluster = environment_.cluster;
  report_.started = utc_now();
  report_.start = std::chrono::steady_clock::now();
  report_.machines.resize(environment_.nodes.size());
  for (std::size_t i = 0; i < environment_.nodes.size(); ++i) {
    const Node& node = environment_.nodes[i];
    MachineResult& result = report_.machines[i];
    result.name = node.name;
    result.address = node.address;
    for (const StepEntry& entry : environment_.steps) {
      StepResult& step = result.steps.emplace_back();
      step.id = entry.id;
      step.kind = entry.step->kind();
    }
    machines_.push_back({&node, nullptr, &result, false});
    index_.emplace(node.name, i);
  }
}

Task<void> Runner::run() {
  bool cancelled = false;
  std::exception_ptr failure;
  try {
    co_await work();
  } catch (const boost::system::system_error& e) {
    cancelled = e.code() == asio::error::operation_aborted;
    if (!cancelled) failure = std::current_exception();
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state();
    co_await stop_active();
  }
  finish(cancelled, failure);
  machines_.clear();  // closes the connections on the loop thread
}

Task<void> Runner::work() {
  Event started;
  started.type = "job.started";
  started.text = std::string(job_kind_name(options_.kind)) + " of " + environment_.cluster + ": " +
                 counted(machines_.size(), "machine") + ", " +
                 counted(environment_.steps.size(), "step");
  events_.emit(started);
  co_await connect();
  if (options_.kind == JobKind::destroy) {
    co_await destroy_all();
    co_return;
  }
  co_await look();
  if (options_.kind == JobKind::apply) co_await apply_all();
}

Task<void> Runner::connect() {
  co_await for_each_parallel(machines_.size(), options_.max_parallel,
                             [this](std::size_t machine) { return connect_one(machine); });
}

Task<void> Runner::connect_one(std::size_t machine) {
  Machine& self = machines_[machine];
  self.host = options_.make_host(*self.node);
  const auto connected = co_await self.host->connect();
  Event event;
  event.host = self.node->name;
  if (connected) {
    self.live = true;
    event.type = "host.connected";
    event.text = "connected";
  } else {
    Error error = connected.error();
    error.host = self.node->name;
    event.type = "host.failed";
    event.text = error.message;
    self.result->connection = std::move(error);
    for (StepResult& step : self.result->steps) step.state = StepState::unreachable;
  }
  events_.emit(event);
}

/// Looks at every step on every machine before anything is changed: the plan.
Task<void> Runner::look() {
  for (std::size_t step = 0; step < environment_.steps.size(); ++step) {
    if (blocked(step)) continue;
    Facts facts = co_await observe(step);
    const auto planned = plan(step, facts, false);
    if (!planned) continue;
    record(step, *planned, facts);
    if (!seen_ && !planned->changes.empty()) seen_ = Seen{step, std::move(facts)};
  }
  const json::object plan = plan_json(report_);
  plan_text_ = json::serialize(plan);
  Event ready;
  ready.type = "plan.ready";
  ready.total = plan.at("changes").as_array().size();
  const bool all_seen = plan.at("failures").as_array().empty();
  ready.text = ready.total > 0 ? counted(ready.total, "change")
               : all_seen      ? "nothing to change"
                               : "no change, and not everything could be planned";
  events_.emit(ready);
}

Task<Runner::Facts> Runner::observe(std::size_t step) {
  Facts facts(machines_.size());
  co_await for_each_parallel(machines_.size(), options_.max_parallel,
                             [this, step, &facts](std::size_t machine) {
                               return observe_one(machine, step, facts[machine]);
                             });
  co_return facts;
}

Task<void> Runner::observe_one(std::size_t machine, std::size_t step, AnyFacts& facts) {
  if (!takes_part(machine, step)) co_return;
  const auto begin = std::chrono::steady_clock::now();
  StepProgress progress(events_, machines_[machine].node->name, environment_.steps[step].id);
  Target where = target(machine, progress);
  auto found = co_await environment_.steps[step].step->observe(where);
  result(machine, step).spent += std::chrono::steady_clock::now() - begin;
  if (found)
    facts = std::move(*found);
  else
    fail(machine, step, found.error());
}

Cluster<AnyFacts> Runner::cluster_of(const Facts& facts) const {
  Cluster<AnyFacts> cluster;
  cluster.nodes = &environment_.nodes;
  for (std::size_t i = 0; i < machines_.size(); ++i)
    if (facts[i].value.has_value()) cluster.machines.push_back({machines_[i].node, facts[i]});
  return cluster;
}

std::optional<Plan> Runner::plan(std::size_t step, const Facts& facts, bool destroying) {
  const AnyStep& kind = *environment_.steps[step].step;
  const Cluster<AnyFacts> cluster = cluster_of(facts);
  if (cluster.machines.empty() || blocked(step)) return std::nullopt;
  auto planned = destroying ? kind.plan_destroy(cluster) : kind.plan(cluster);
  if (!planned) {
    for (std::size_t i = 0; i < machines_.size(); ++i)
      if (facts[i].value.has_value()) fail(i, step, planned.error());
    return std::nullopt;
  }
  kind.publish(cluster, outputs_);
  return std::move(*planned);
}

std::vector<std::vector<Change>> Runner::by_machine(const std::vector<Change>& changes) const {
  std::vector<std::vector<Change>> sorted(machines_.size());
  for (const Change& change : changes) sorted[index_of(change.node)].push_back(change);
  return sorted;
}

/// What the plan says of one machine.
void Runner::record_machine(std::size_t machine, std::size_t step, std::vector<Change> changes) {
  StepResult& mine = result(machine, step);
  mine.planned = std::move(changes);
  mine.notes.clear();
  if (mine.state == StepState::failed) return;
  mine.state = !mine.planned.empty() ? StepState::planned
               : mine.made.empty()   ? StepState::ok
                                     : StepState::changed;
}

void Runner::record(std::size_t step, const Plan& planned, const Facts& facts) {
  const AnyStep& kind = *environment_.steps[step].step;
  std::vector<std::vector<Change>> changes = by_machine(planned.changes);
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    if (!facts[i].value.has_value()) continue;
    result(i, step).facts = kind.describe(facts[i]);
    record_machine(i, step, std::move(changes[i]));
  }
  for (const Note& note : planned.notes) {
    const std::size_t machine = note.node.empty() ? 0 : index_of(note.node);
    if (facts[machine].value.has_value()) result(machine, step).notes.push_back(note);
  }
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    if (!facts[i].value.has_value()) continue;
    const auto failure = planned.failures.find(machines_[i].node->name);
    if (failure != planned.failures.end()) fail(i, step, failure->second);
  }
}

/// A step over the whole cluster does not run while a machine of it is missing: said once, for
/// each.
bool Runner::blocked(std::size_t step) {
  if (!environment_.steps[step].step->whole_cluster()) return false;
  const StepEntry& entry = environment_.steps[step];
  std::string missing;
  for (std::size_t i = 0; i < machines_.size(); ++i)
    if ((entry.on.empty() || entry.on.count(machines_[i].node->name) > 0) && !machines_[i].live)
      missing += (missing.empty() ? "" : ", ") + machines_[i].node->name;
  if (missing.empty()) return false;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    if (!takes_part(i, step) || result(i, step).state == StepState::blocked) continue;
    result(i, step).state = StepState::blocked;
    result(i, step).planned.clear();
    tell("step.finished", i, step, "blocked: " + missing + " is not ready");
  }
  return true;
}

bool Runner::takes_part(std::size_t machine, std::size_t step) const {
  const StepEntry& entry = environment_.steps[step];
  return machines_[machine].live &&
         (entry.on.empty() || entry.on.count(machines_[machine].node->name) > 0);
}

std::size_t Runner::index_of(std::string_view node) const {
  const auto found = index_.find(node);
  return found == index_.end() ? machines_.size() : found->second;
}

StepResult& Runner::result(std::size_t machine, std::size_t step) {
  return machines_[machine].result->steps[step];
}

/// The machine is out from here on: the others go on without it.
void Runner::fail(std::size_t machine, std::size_t step, Error error, StepState state) {
  StepResult& mine = result(machine, step);
  error.host = machines_[machine].node->name;
  error.step = environment_.steps[step].id;
  mine.state = state;
  machines_[machine].live = false;
  tell("step.finished", machine, step, std::string(step_state_name(state)) + ": " + error.message);
  mine.error = std::move(error);
  // Destroy goes the other way: there the later ones are done.
  for (std::size_t later = step + 1; later < environment_.steps.size(); ++later)
    if (options_.kind != JobKind::destroy) result(machine, later).state = StepState::skipped;
}

void Runner::tell(std::string_view type, std::size_t machine, std::size_t step, std::string text) {
  Event event;
  event.type = type;
  event.host = machines_[machine].node->name;
  event.step = environment_.steps[step].id;
  event.text = std::move(text);
  events_.emit(event);
}

Target Runner::target(std::size_t machine, Progress& progress) {
  Machine& self = machines_[machine];
  auto peer = [this](std::string_view node) -> Host* {
    const std::size_t other = index_of(node);
    return other < machines_.size() && machines_[other].live ? machines_[other].host.get()
                                                             : nullptr;
  };
  return {*self.host,      *self.node,      environment_.nodes,   outputs_, progress,
          std::move(peer), options_.secret, environment_.cluster, &texts_};
}

}  // namespace dtenv
