// The end of a job: what it came to.
#include <boost/json.hpp>
#include <new>

#include "engine/runner.hpp"

namespace dtenv {

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
    } catch (const std::bad_alloc&) {
      report_.error = Error(Status::nomem, "out of memory");
    } catch (const std::exception& e) {
      report_.error = Error(Status::internal, std::string("unexpected: ") + e.what());
    }
  }
  if (cancelled) mark_cancelled();
  report_.error = outcome(cancelled);
  report_.spent = std::chrono::steady_clock::now() - report_.start;
}

void Runner::give_up() {
  report_.error = Error(Status::nomem, "out of memory");
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
