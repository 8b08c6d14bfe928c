#include "engine/report.hpp"

#include <boost/json.hpp>

namespace dtenv {

namespace {

double seconds(std::chrono::steady_clock::duration spent) {
  // Whole milliseconds: more digits would be noise.
  return static_cast<double>(std::chrono::duration_cast<Duration>(spent).count()) / 1000.0;
}

json::array changes_json(const std::vector<Change>& changes, std::string_view step) {
  json::array array;
  for (const Change& change : changes) array.push_back(change_json(change, step));
  return array;
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::deviation:
      return "deviation";
  }
  return "";
}

json::object note_json(const Note& note, std::string_view host, std::string_view step) {
  json::object object;
  object["host"] = note.node.empty() ? host : std::string_view(note.node);
  object["step"] = step;
  object["severity"] = severity_name(note.severity);
  object["text"] = to_utf8(note.text);
  return object;
}

json::object step_json(const StepResult& step, std::string_view host) {
  json::object object;
  object["kind"] = step.kind;
  object["id"] = step.id;
  object["status"] = step_state_name(step.state);
  object["changes"] = changes_json(step.made, step.id);
  object["pending"] = changes_json(step.planned, step.id);
  json::array notes;
  for (const Note& note : step.notes) notes.push_back(note_json(note, host, step.id));
  object["notes"] = std::move(notes);
  object["facts"] = step.facts;
  object["seconds"] = seconds(step.spent);
  if (step.error) object["error"] = error_json(*step.error);
  return object;
}

std::string_view machine_status(const MachineResult& machine) {
  if (machine.connection) return "unreachable";
  std::string_view status = "ok";
  for (const StepResult& step : machine.steps) {
    if (step.state == StepState::ok || step.state == StepState::skipped) continue;
    if (step.state == StepState::changed || step.state == StepState::planned) {
      status = step_state_name(step.state);
      continue;
    }
    return step_state_name(step.state);
  }
  return status;
}

}  // namespace

std::string_view step_state_name(StepState state) {
  switch (state) {
    case StepState::pending:
      return "pending";
    case StepState::planned:
      return "planned";
    case StepState::ok:
      return "ok";
    case StepState::changed:
      return "changed";
    case StepState::failed:
      return "failed";
    case StepState::refused:
      return "refused";
    case StepState::blocked:
      return "blocked";
    case StepState::skipped:
      return "skipped";
    case StepState::cancelled:
      return "cancelled";
    case StepState::unreachable:
      return "unreachable";
  }
  return "";
}

std::string_view job_kind_name(JobKind kind) {
  switch (kind) {
    case JobKind::check:
      return "check";
    case JobKind::apply:
      return "apply";
    case JobKind::verify:
      return "verify";
    case JobKind::destroy:
      return "destroy";
  }
  return "";
}

const Error* MachineResult::first_error() const {
  if (connection) return &*connection;
  for (const StepResult& step : steps)
    if (step.error) return &*step.error;
  return nullptr;
}

json::object error_json(const Error& error) {
  json::object object;
  object["status"] = status_name(error.status);
  object["message"] = to_utf8(error.message);
  object["host"] = error.host;
  object["step"] = error.step;
  json::array detail;
  for (const Problem& problem : error.detail) {
    json::object item;
    item["pointer"] = to_utf8(problem.pointer);
    item["line"] = problem.line;
    item["column"] = problem.column;
    item["problem"] = to_utf8(problem.problem);
    item["hint"] = to_utf8(problem.hint);
    detail.push_back(std::move(item));
  }
  object["detail"] = std::move(detail);
  return object;
}

json::object change_json(const Change& change, std::string_view step) {
  json::object object;
  object["host"] = change.node;
  object["step"] = step;
  object["resource"] = to_utf8(change.resource);
  object["action"] = action_name(change.action);
  object["before"] = to_utf8(change.before);
  object["after"] = to_utf8(change.after);
  object["reason"] = to_utf8(change.reason);
  json::array disrupts;
  for (const Disruption& disruption : change.disrupts) {
    json::object item;
    item["kind"] = disruption.kind;
    item["what"] = to_utf8(disruption.what);
    disrupts.push_back(std::move(item));
  }
  object["disrupts"] = std::move(disrupts);
  object["stage"] = change.stage;
  return object;
}

json::object report_json(const Report& report) {
  json::object object;
  object["v"] = 1;
  object["job"] = report.job;
  object["kind"] = job_kind_name(report.kind);
  object["cluster"] = report.cluster;
  const std::string_view running = "RUNNING";
  object["status"] = !report.spent  ? running
                     : report.error ? status_name(report.error->status)
                                    : "OK";
  object["started"] = report.started;
  object["seconds"] =
      seconds(report.spent.value_or(std::chrono::steady_clock::now() - report.start));
  std::size_t made = 0;
  std::size_t planned = 0;
  json::array hosts;
  json::array deviations;
  for (const MachineResult& machine : report.machines) {
    json::object host;
    host["name"] = machine.name;
    host["address"] = machine.address;
    host["status"] = machine_status(machine);
    if (machine.connection) host["error"] = error_json(*machine.connection);
    json::array steps;
    for (const StepResult& step : machine.steps) {
      made += step.made.size();
      planned += step.planned.size();
      for (const Note& note : step.notes)
        if (note.severity == Severity::deviation)
          deviations.push_back(note_json(note, machine.name, step.id));
      steps.push_back(step_json(step, machine.name));
    }
    host["steps"] = std::move(steps);
    hosts.push_back(std::move(host));
  }
  object["hosts"] = std::move(hosts);
  object["changes_made"] = made;
  object["changes_planned"] = planned;
  object["deviations"] = std::move(deviations);
  object["error"] = report.error ? json::value(error_json(*report.error)) : json::value(nullptr);
  return object;
}

json::object plan_json(const Report& report) {
  json::object object;
  object["v"] = 1;
  object["job"] = report.job;
  object["cluster"] = report.cluster;
  json::array changes;
  json::array notes;
  json::array failures;
  const std::size_t steps = report.machines.empty() ? 0 : report.machines.front().steps.size();
  for (const MachineResult& machine : report.machines)
    if (machine.connection) failures.push_back(error_json(*machine.connection));
  for (std::size_t i = 0; i < steps; ++i) {
    for (const MachineResult& machine : report.machines) {
      const StepResult& step = machine.steps[i];
      for (const Change& change : step.planned) changes.push_back(change_json(change, step.id));
      for (const Note& note : step.notes) notes.push_back(note_json(note, machine.name, step.id));
      if (step.error && !machine.connection) failures.push_back(error_json(*step.error));
    }
  }
  object["changes"] = std::move(changes);
  object["notes"] = std::move(notes);
  object["failures"] = std::move(failures);
  return object;
}

}  // namespace dtenv
