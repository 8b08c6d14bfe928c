#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/session.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// What one step came to on one machine.
enum class StepState {
  pending,
  planned,
  ok,
  changed,
  failed,
  refused,
  blocked,
  skipped,
  cancelled,
  unreachable
};
std::string_view step_state_name(StepState state);

struct StepResult {
  std::string id;
  std::string kind;
  StepState state = StepState::pending;
  std::vector<Change> planned;  ///< what the last look says is still to do
  std::vector<Change> made;
  std::vector<Note> notes;
  json::object facts;
  std::optional<Error> error;
  std::chrono::steady_clock::duration spent{};
};

struct MachineResult {
  std::string name;
  std::string address;
  std::optional<Error> connection;  ///< why it could not be reached
  std::vector<StepResult> steps;    ///< one for every step of the document, in its order

  const Error* first_error() const;
};

struct Report {
  std::string job;
  JobKind kind = JobKind::check;
  std::string cluster;
  std::string started;
  std::chrono::steady_clock::time_point start;
  std::optional<std::chrono::steady_clock::duration> spent;  ///< nullopt while it runs
  std::optional<Error> error;                                ///< what the job came to
  std::vector<MachineResult> machines;
};

std::string_view job_kind_name(JobKind kind);
json::object error_json(const Error& error);
json::object change_json(const Change& change, std::string_view step);
json::object report_json(const Report& report);
/// The plan part alone: changes, notes and failures of all machines, in step order.
json::object plan_json(const Report& report);

}  // namespace dtenv
