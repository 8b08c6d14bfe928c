#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/task.hpp"
#include "engine/approval.hpp"
#include "engine/environment.hpp"
#include "engine/event.hpp"
#include "engine/report.hpp"

namespace dtenv {

/// Makes the host of a node: the session's own, or a test's in-memory one.
using HostMaker = std::function<std::unique_ptr<Host>(const Node& node)>;
using SecretLookup = std::function<const Secret*(std::string_view name)>;

struct RunnerOptions {
  std::string job_id;
  JobKind kind = JobKind::check;
  std::size_t max_parallel = 32;
  HostMaker make_host;
  SecretLookup secret;
};

/// One job over the cluster, as one coroutine on the loop thread: connect, look at everything, then
/// (apply) step by step in rounds of observe, plan, apply until the plan is empty.
class Runner {
 public:
  Runner(RunnerOptions options, Environment environment, Approval approval, EventStream events);

  /// To the end, whatever happens: problems are in the report. On cancellation it stops what was
  /// begun on the machines, within `stop_grace`.
  Task<void> run();
  void set_stop_grace(Duration grace) { stop_grace_ = grace; }
  const Report& report() const { return report_; }
  /// The last event. The caller's to order: after everybody can see that the job has ended.
  void announce_end();
  /// Memory ended where no coroutine could be told: the run will not come to its end.
  void give_up();
  /// The plan as the first look gave it, as JSON; empty before.
  const std::string& plan_text() const { return plan_text_; }

 private:
  struct Machine {
    const Node* node;
    std::unique_ptr<Host> host;
    MachineResult* result;
    bool live = false;
  };
  struct Active {
    std::size_t machine;
    std::size_t step;
    Change change;
  };
  /// What the machines of one step say: facts by machine, empty where it has none.
  using Facts = std::vector<AnyFacts>;
  struct Seen {
    std::size_t step;
    Facts facts;
  };

  Task<void> work();
  Task<void> connect();
  Task<void> connect_one(std::size_t machine);
  Task<void> look();
  Task<void> apply_all();
  Task<void> destroy_all();
  Task<void> apply_step(std::size_t step);
  Task<bool> apply_round(std::size_t step, const Plan& plan);
  Task<void> apply_changes(std::size_t machine, std::size_t step, std::vector<Change> changes);
  Task<bool> apply_together(std::size_t machine, std::size_t step, std::span<const Change> changes);
  void record_made(std::size_t machine, std::size_t step, const Change& change);
  Task<void> stop_active();
  Task<void> stop_one(std::size_t active);

  Task<Facts> observe(std::size_t step);
  Task<void> observe_one(std::size_t machine, std::size_t step, AnyFacts& facts);
  /// nullopt: the step failed for every machine and the results say why.
  std::optional<Plan> plan(std::size_t step, const Facts& facts, bool destroying);
  Cluster<AnyFacts> cluster_of(const Facts& facts) const;
  std::vector<std::vector<Change>> by_machine(const std::vector<Change>& changes) const;
  void record_machine(std::size_t machine, std::size_t step, std::vector<Change> changes);
  void record(std::size_t step, const Plan& plan, const Facts& facts);
  bool judge(std::size_t step, const std::vector<Change>& changes);
  bool blocked(std::size_t step);
  void repeated(std::size_t step, const Plan& plan, const std::set<std::string>& last);

  bool takes_part(std::size_t machine, std::size_t step) const;
  std::size_t index_of(std::string_view node) const;
  StepResult& result(std::size_t machine, std::size_t step);
  void fail(std::size_t machine, std::size_t step, Error error,
            StepState state = StepState::failed);
  void tell(std::string_view type, std::size_t machine, std::size_t step, std::string text);
  Target target(std::size_t machine, Progress& progress);
  void finish(bool cancelled, const std::exception_ptr& failure);
  void mark_cancelled();
  std::optional<Error> outcome(bool cancelled) const;

  RunnerOptions options_;
  Environment environment_;
  Approval approval_;
  EventStream events_;
  Report report_;
  std::vector<Machine> machines_;
  std::unordered_map<std::string_view, std::size_t> index_;  ///< of machines_, by name
  /// Of the first step with a change, as look() saw it: apply begins from there.
  std::optional<Seen> seen_;
  Outputs outputs_;
  TextPool texts_;
  std::vector<Active> active_;
  Duration stop_grace_ = std::chrono::seconds(2);
  std::string plan_text_;
};

}  // namespace dtenv
