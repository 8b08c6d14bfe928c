#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace dtenv {

struct SessionOptions {
  int api_version = 1;
  int max_parallel_hosts = 32;
  std::size_t max_events = 16384;  ///< queued; progress is dropped first, state never
  std::string state_folder;  ///< private files of a run; empty: a fresh one under /run or TMPDIR
  static Result<SessionOptions> parse(std::string_view json_text);  ///< "" or "{}": defaults
};

enum class JobKind { check, apply, verify, destroy };
enum class JobState { queued = 0, running = 1, succeeded = 2, failed = 3, cancelled = 4 };

class Session;

/// One check, apply, verify or destroy. Safe from every thread.
class Job {
 public:
  virtual ~Job() = default;
  virtual const std::string& id() const = 0;
  virtual JobState state() const = 0;
  /// Waits for the end, at most `limit` (nullopt: no limit; then TIMEOUT). Gives what the job came
  /// to: ok, or its error (PARTIAL, REFUSED, …).
  virtual Result<void> wait(std::optional<Duration> limit) = 0;
  /// Asks it to stop: returns at once, the job ends within `grace` + 2 s. Idempotent.
  virtual void cancel(Duration grace) = 0;
  /// The plan as JSON; STATE while there is none yet.
  virtual Result<std::string> plan() const = 0;
  /// The report as JSON; a snapshot while it runs.
  virtual Result<std::string> report() const = 0;
};

using EventCallback = std::function<void(const std::string& event_json)>;

/// One loop thread, its jobs, and one queue of events behind one pollable fd. Safe from every
/// thread. Jobs of a session run one after the other.
class Session {
 public:
  static Result<std::shared_ptr<Session>> open(SessionOptions options);
  virtual ~Session() = default;  ///< cancels what runs, joins the thread

  virtual int fd() const = 0;  ///< readable while an event is queued
  /// The next event as one line of JSON; nullopt after `limit` (0: do not wait, nullopt: no limit)
  /// or a wakeup.
  virtual Result<std::optional<std::string>> next_event(std::optional<Duration> limit) = 0;
  virtual void wakeup() = 0;
  /// Events go to `callback` (from the library's own thread, one at a time, no lock held) instead
  /// of the queue; an empty one goes back to the queue.
  virtual Result<void> set_callback(EventCallback callback) = 0;
  virtual Result<void> set_secret(std::string name, Secret value) = 0;
  virtual std::string dump() const = 0;  ///< state as JSON, for a bug report; no secrets
  /// No new jobs; cancels the running ones; waits at most `grace` + 2 s.
  virtual Result<void> shutdown(Duration grace) = 0;

  /// `document` is the environment's text; `approved_plan` the JSON of an earlier plan, or empty.
  virtual Result<std::shared_ptr<Job>> submit(JobKind kind, std::string document,
                                              std::string approved_plan) = 0;
};

/// {"kinds": ["driver_check", …]} order of the seed; the schema of one; the document's.
std::vector<std::string> step_kinds();
Result<std::string> step_schema(std::string_view kind);
std::string document_schema();
/// ok, or CONFIG with every problem of the document (line, column, pointer, hint).
Result<void> validate_document(std::string_view text);
/// A plan or a report (JSON) as text for people.
Result<std::string> render_text(std::string_view plan_or_report_json);

}  // namespace dtenv
