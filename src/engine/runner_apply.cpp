// The changing half of Runner: rounds of observe, plan, apply; destroy; stop after a cancel;
// outcome.
#include <algorithm>
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "base/parallel.hpp"
#include "engine/runner.hpp"
#include "engine/step_progress.hpp"

namespace dtenv {

namespace {

/// A step that is not through after so many rounds never will be.
constexpr int round_limit = 8;

}  // namespace

/// All of it is judged before the first write: what is refused or stale is so for the whole job.
bool Runner::judge(std::size_t first_step, const std::vector<Change>& changes) {
  std::vector<Problem> stale;
  std::vector<Problem> refused;
  for (const Change& change : changes)
    approval_.judge(change, environment_.steps[first_step].id, stale, refused);
  if (stale.empty() && refused.empty()) return true;
  const Error error = stale.empty() ? Approval::refused_error(std::move(refused))
                                    : Approval::stale_error(std::move(stale));
  if (!report_.error) report_.error = error;
  for (const Change& change : changes) {
    const std::size_t machine = index_of(change.node);
    if (machines_[machine].live) fail(machine, first_step, error, StepState::refused);
  }
  return false;
}

Task<void> Runner::apply_all() {
  std::vector<Problem> stale;
  std::vector<Problem> refused;
  std::size_t first = environment_.steps.size();
  for (const MachineResult& machine : report_.machines) {
    for (std::size_t step = 0; step < machine.steps.size(); ++step) {
      for (const Change& change : machine.steps[step].planned) {
        approval_.judge(change, environment_.steps[step].id, stale, refused);
        first = std::min(first, step);
      }
    }
  }
  if (!stale.empty() || !refused.empty()) {
    report_.error = stale.empty() ? Approval::refused_error(std::move(refused))
                                  : Approval::stale_error(std::move(stale));
    for (MachineResult& machine : report_.machines)
      for (StepResult& step : machine.steps)
        if (step.state == StepState::planned) step.state = StepState::refused;
    co_return;
  }
  // The steps before the first change were just seen to hold: their look was their verification.
  for (std::size_t step = 0; step < environment_.steps.size(); ++step) {
    if (step >= first) co_await apply_step(step);
    for (std::size_t i = 0; i < machines_.size(); ++i)
      if (takes_part(i, step))
        tell("step.finished", i, step, std::string(step_state_name(result(i, step).state)));
    if (report_.error) co_return;
  }
}

Task<void> Runner::apply_step(std::size_t step) {
  std::set<std::string> last;
  for (int round = 0; round < round_limit; ++round) {
    if (blocked(step)) co_return;
    if (round == 0)
      for (std::size_t i = 0; i < machines_.size(); ++i)
        if (takes_part(i, step)) tell("step.started", i, step, "");
    const Facts facts = co_await observe(step);
    const auto planned = plan(step, facts, false);
    if (!planned) co_return;
    record(step, *planned, facts);
    repeated(step, *planned, last);
    const bool more = co_await apply_round(step, *planned);
    if (!more) co_return;
    last.clear();
    for (const Machine& machine : machines_)
      for (const Change& change : machine.result->steps[step].made)
        last.insert(change_key(change, environment_.steps[step].id));
  }
  for (std::size_t i = 0; i < machines_.size(); ++i)
    if (takes_part(i, step) && !result(i, step).planned.empty())
      fail(i, step,
           Error(Status::verify, "not as wanted after " + std::to_string(round_limit) +
                                     " rounds: " + result(i, step).planned.front().reason));
}

/// A change that was made and is planned again did not take: say so instead of looping.
void Runner::repeated(std::size_t step, const Plan& planned, const std::set<std::string>& last) {
  for (const Change& change : planned.changes) {
    const std::size_t machine = index_of(change.node);
    if (!machines_[machine].live ||
        last.count(change_key(change, environment_.steps[step].id)) == 0)
      continue;
    fail(machine, step,
         Error(Status::verify,
               change.resource + ": applied, and still not as wanted: " + change.reason));
  }
}

/// Applies the lowest stage. False: there was nothing to do.
Task<bool> Runner::apply_round(std::size_t step, const Plan& planned) {
  std::vector<std::vector<Change>> by_machine(machines_.size());
  int stage = 0;
  bool any = false;
  for (const Change& change : planned.changes) {
    if (!takes_part(index_of(change.node), step)) continue;
    stage = any ? std::min(stage, change.stage) : change.stage;
    any = true;
  }
  std::vector<Change> now;
  for (const Change& change : planned.changes)
    if (any && change.stage == stage && takes_part(index_of(change.node), step))
      now.push_back(change);
  if (!any || !judge(step, now)) co_return false;
  for (const Change& change : now) by_machine[index_of(change.node)].push_back(change);
  co_await for_each_parallel(machines_.size(), options_.max_parallel,
                             [this, step, &by_machine](std::size_t machine) {
                               return apply_changes(machine, step, by_machine[machine]);
                             });
  co_return true;
}

Task<void> Runner::apply_changes(std::size_t machine, std::size_t step,
                                 std::vector<Change> changes) {
  if (changes.empty()) co_return;
  const auto begin = std::chrono::steady_clock::now();
  StepProgress progress(events_, machines_[machine].node->name, environment_.steps[step].id);
  for (const Change& change : changes) {
    const std::string what = std::string(action_name(change.action)) + " " + change.resource;
    tell("change.started", machine, step, what + ": " + change.reason);
    active_.push_back({machine, step, change});
    Target where = target(machine, progress);
    const auto applied = co_await environment_.steps[step].step->apply(change, where);
    active_.erase(std::find_if(active_.begin(), active_.end(), [&](const Active& active) {
      return active.machine == machine && active.step == step;
    }));
    if (!applied) {
      tell("change.failed", machine, step, what + ": " + applied.error().message);
      fail(machine, step, applied.error());
      break;
    }
    StepResult& mine = result(machine, step);
    mine.made.push_back(change);
    if (!mine.planned.empty()) {
      const std::string key = change_key(change, mine.id);
      mine.planned.erase(
          std::remove_if(mine.planned.begin(), mine.planned.end(),
                         [&](const Change& other) { return change_key(other, mine.id) == key; }),
          mine.planned.end());
    }
    tell("change.finished", machine, step, what);
  }
  result(machine, step).spent += std::chrono::steady_clock::now() - begin;
}

/// Last step first: what stands on something goes before it.
Task<void> Runner::destroy_all() {
  // What a later step stands on is named by an earlier one: first all are looked at, in order.
  for (std::size_t step = 0; step < environment_.steps.size(); ++step) {
    const Facts facts = co_await observe(step);
    environment_.steps[step].step->publish(cluster_of(facts), outputs_);
  }
  for (std::size_t left = environment_.steps.size(); left > 0; --left) {
    const std::size_t step = left - 1;
    const Facts facts = co_await observe(step);
    const auto planned = plan(step, facts, true);
    if (!planned) continue;
    record(step, *planned, facts);
    co_await apply_round(step, *planned);
    for (std::size_t i = 0; i < machines_.size(); ++i)
      if (facts[i].value.has_value() && machines_[i].live && !result(i, step).made.empty())
        result(i, step).state = StepState::changed;
    for (std::size_t i = 0; i < machines_.size(); ++i)
      if (takes_part(i, step))
        tell("step.finished", i, step, std::string(step_state_name(result(i, step).state)));
  }
  plan_text_ = json::serialize(plan_json(report_));
}

Task<void> Runner::stop_active() {
  const std::size_t count = active_.size();
  co_await for_each_parallel(count, options_.max_parallel,
                             [this](std::size_t active) { return stop_one(active); });
}

Task<void> Runner::stop_one(std::size_t index) {
  const Active active = active_[index];
  const std::string what =
      std::string(action_name(active.change.action)) + " " + active.change.resource;
  fail(active.machine, active.step, Error(Status::cancelled, what + ": cancelled"),
       StepState::cancelled);
  StepProgress progress(events_, machines_[active.machine].node->name,
                        environment_.steps[active.step].id);
  Target where = target(active.machine, progress);
  auto stopping = environment_.steps[active.step].step->stop(active.change, where);
  const auto stopped = co_await with_deadline(std::move(stopping), stop_grace_, "stop of " + what);
  if (!stopped) tell("warning", active.machine, active.step, stopped.error().message);
}

std::optional<Error> Runner::outcome(bool cancelled) const {
  if (cancelled)
    return Error(Status::cancelled, "cancelled; the report says which changes were made");
  if (report_.error) return report_.error;
  std::vector<const Error*> failures;
  std::size_t bad = 0;
  for (std::size_t i = 0; i < report_.machines.size(); ++i) {
    const Error* error = report_.machines[i].first_error();
    if (error) failures.push_back(error);
    if (error) ++bad;
    // A step of the whole cluster speaks for it, wherever it failed.
    for (std::size_t step = 0; step < report_.machines[i].steps.size(); ++step)
      if (report_.machines[i].steps[step].error && environment_.steps[step].step->whole_cluster())
        return report_.machines[i].steps[step].error;
  }
  if (bad > 0 && (bad == report_.machines.size())) return *failures.front();
  if (bad > 0) {
    Error partial(Status::partial, std::to_string(bad) + " of " +
                                       std::to_string(report_.machines.size()) +
                                       " machines failed: " + failures.front()->host + ": " +
                                       failures.front()->message);
    partial.host = failures.front()->host;
    partial.step = failures.front()->step;
    for (const Error* error : failures) {
      Problem problem;
      problem.problem =
          error->host + (error->step.empty() ? "" : ": " + error->step) + ": " + error->message;
      partial.detail.push_back(std::move(problem));
    }
    return partial;
  }
  if (options_.kind != JobKind::verify) return std::nullopt;
  std::vector<Problem> pending;
  for (const MachineResult& machine : report_.machines)
    for (const StepResult& step : machine.steps)
      for (const Change& change : step.planned)
        pending.push_back(
            {change.resource, 0, 0, machine.name + ": " + step.id + ": " + change.reason, "apply"});
  if (pending.empty()) return std::nullopt;
  std::string message = "not as the document wants it: " + pending.front().problem;
  if (pending.size() > 1) message += ", and " + std::to_string(pending.size() - 1) + " more";
  return Error(Status::verify, std::move(message), std::move(pending));
}

/// What was not reached any more is neither pending nor planned: it was cancelled.
void Runner::mark_cancelled() {
  for (MachineResult& machine : report_.machines)
    for (StepResult& step : machine.steps)
      if (step.state == StepState::pending || step.state == StepState::planned)
        step.state = StepState::cancelled;
}

void Runner::finish(bool cancelled, const std::exception_ptr& failure) {
  if (failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      report_.error = Error(Status::internal, std::string("unexpected: ") + e.what());
    }
  }
  if (cancelled) mark_cancelled();
  report_.error = outcome(cancelled);
  report_.spent = std::chrono::steady_clock::now() - report_.start;
}

void Runner::announce_end() {
  Event event;
  event.type = "job.finished";
  event.text = report_.error
                   ? std::string(status_name(report_.error->status)) + ": " + report_.error->message
                   : "OK";
  events_.emit(event);
}

}  // namespace dtenv
