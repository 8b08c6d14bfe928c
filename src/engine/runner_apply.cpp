// The changing half of Runner: rounds of observe, plan, apply; destroy; stop after a cancel.
#include <algorithm>
#include <boost/json.hpp>
#include <span>

#include "base/deadline.hpp"
#include "base/parallel.hpp"
#include "engine/runner.hpp"
#include "engine/step_progress.hpp"

namespace dtenv {

namespace {

/// A step that is not through after so many rounds never will be.
constexpr int round_limit = 8;

std::string words_of(const Change& change) {
  return std::string(action_name(change.action)) + " " + change.resource;
}

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
    // Nothing of ours has happened since the first look at the first step with a change.
    const bool fresh = seen_ && seen_->step == step;
    Facts facts;
    if (fresh)
      facts = std::move(seen_->facts);
    else
      facts = co_await observe(step);
    seen_.reset();
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
  std::vector<std::vector<Change>> changes = by_machine(now);
  co_await for_each_parallel(machines_.size(), options_.max_parallel,
                             [this, step, &changes](std::size_t machine) {
                               return apply_changes(machine, step, std::move(changes[machine]));
                             });
  co_return true;
}

Task<void> Runner::apply_changes(std::size_t machine, std::size_t step,
                                 std::vector<Change> changes) {
  if (changes.empty()) co_return;
  const auto begin = std::chrono::steady_clock::now();
  for (std::span<const Change> left = changes; !left.empty();) {
    const std::size_t count = environment_.steps[step].step->together(left);
    const bool applied = co_await apply_together(machine, step, left.first(count));
    if (!applied) break;
    left = left.subspan(count);
  }
  result(machine, step).spent += std::chrono::steady_clock::now() - begin;
}

/// Usually one change. False: the machine is out.
Task<bool> Runner::apply_together(std::size_t machine, std::size_t step,
                                  std::span<const Change> changes) {
  StepProgress progress(events_, machines_[machine].node->name, environment_.steps[step].id);
  for (const Change& change : changes)
    tell("change.started", machine, step, words_of(change) + ": " + change.reason);
  active_.push_back({machine, step, changes.front()});
  Target where = target(machine, progress);
  const auto applied = co_await environment_.steps[step].step->apply(changes, where);
  active_.erase(std::find_if(active_.begin(), active_.end(), [&](const Active& active) {
    return active.machine == machine && active.step == step;
  }));
  if (!applied) {
    const std::string what = words_of(changes.front());
    tell("change.failed", machine, step, what + ": " + applied.error().message);
    fail(machine, step, applied.error());
    co_return false;
  }
  for (const Change& change : changes) record_made(machine, step, change);
  co_return true;
}

void Runner::record_made(std::size_t machine, std::size_t step, const Change& change) {
  StepResult& mine = result(machine, step);
  mine.made.push_back(change);
  const auto same = [&](const Change& other) {
    return other.resource == change.resource && other.action == change.action &&
           other.after == change.after;
  };
  mine.planned.erase(std::remove_if(mine.planned.begin(), mine.planned.end(), same),
                     mine.planned.end());
  tell("change.finished", machine, step, words_of(change));
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
  const std::string what = words_of(active.change);
  fail(active.machine, active.step, Error(Status::cancelled, what + ": cancelled"),
       StepState::cancelled);
  StepProgress progress(events_, machines_[active.machine].node->name,
                        environment_.steps[active.step].id);
  Target where = target(active.machine, progress);
  auto stopping = environment_.steps[active.step].step->stop(active.change, where);
  const auto stopped = co_await with_deadline(std::move(stopping), stop_grace_, "stop of " + what);
  if (!stopped) tell("warning", active.machine, active.step, stopped.error().message);
}

}  // namespace dtenv
