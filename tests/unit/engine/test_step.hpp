#pragma once

#include <map>
#include <string>

#include "base/deadline.hpp"
#include "steps/any_step.hpp"

namespace dtenv {

/// The machines of an engine test: each a value that steps read and write, or a fault.
struct TestWorld {
  std::map<std::string, std::string> values;
  std::map<std::string, Error> connect_errors;
  std::map<std::string, Error> apply_errors;
  bool apply_does_nothing = false;
  Duration apply_time{0};
  int applies = 0;
  int stops = 0;
};

class TestHost final : public Host {
 public:
  TestHost(TestWorld& world, std::string name) : world(world), name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  Task<Result<void>> connect() override {
    const auto found = world.connect_errors.find(name_);
    if (found != world.connect_errors.end()) co_return found->second;
    co_return Result<void>();
  }
  Task<Result<Outcome>> run(const Command&, OutputSink) override { co_return Outcome{}; }
  Task<Result<std::optional<FileState>>> read(std::string, std::size_t) override {
    co_return std::optional<FileState>();
  }
  Task<Result<void>> write_all(std::span<const FileWrite>) override { co_return Result<void>(); }
  Task<Result<Docker*>> docker() override { co_return Error(Status::not_found, "no engine"); }

  TestWorld& world;

 private:
  std::string name_;
};

/// Wants one value on every machine; `whole` makes it a step over the whole cluster.
template <bool whole>
struct TestStep {
  static constexpr std::string_view kind = whole ? "whole_test" : "test";
  static constexpr bool whole_cluster = whole;
  struct Config {
    std::string value;
    std::string disrupts;
    int stages = 1;
  };
  struct Facts {
    std::string value;
  };

  static Task<Result<Facts>> observe(const Config&, Target& target) {
    Facts facts;
    facts.value = static_cast<TestHost&>(target.host).world.values[target.node.name];
    co_return facts;
  }
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster) {
    Plan plan;
    for (const auto& machine : cluster.machines) {
      // Stage n writes the first n + 1 bytes: each stage needs the one before.
      for (int stage = 0; stage < config.stages; ++stage) {
        const std::string wanted =
            stage + 1 == config.stages
                ? config.value
                : config.value.substr(0, static_cast<std::size_t>(stage) + 1);
        if (machine.facts.value.size() >= wanted.size()) continue;
        Change change;
        change.node = machine.node->name;
        change.resource = "value";
        change.before = machine.facts.value;
        change.after = wanted;
        change.reason = "the value is another";
        change.stage = stage;
        if (!config.disrupts.empty()) change.disrupts.push_back({config.disrupts, "container web"});
        plan.changes.push_back(change);
      }
    }
    return plan;
  }
  static Task<Result<void>> apply(const Config&, const Change& change, Target& target) {
    TestWorld& world = static_cast<TestHost&>(target.host).world;
    ++world.applies;
    if (world.apply_time.count() > 0) co_await pause(world.apply_time);
    const auto found = world.apply_errors.find(target.node.name);
    if (found != world.apply_errors.end()) co_return found->second;
    if (!world.apply_does_nothing) world.values[target.node.name] = change.after;
    co_return Result<void>();
  }
  static Task<Result<void>> stop(const Config&, const Change&, Target& target) {
    co_await pause(Duration(1));
    ++static_cast<TestHost&>(target.host).world.stops;
    co_return Result<void>();
  }
  static Result<Plan> plan_destroy(const Config&, const Cluster<Facts>& cluster) {
    Plan plan;
    for (const auto& machine : cluster.machines) {
      if (machine.facts.value.empty()) continue;
      Change change;
      change.node = machine.node->name;
      change.resource = "value";
      change.action = Action::remove;
      change.reason = "destroy";
      plan.changes.push_back(change);
    }
    return plan;
  }
  static void publish(const Config& config, const Cluster<Facts>&, Outputs& outputs) {
    outputs.set("value", config.value);
  }
  static json::object describe(const Facts& facts) {
    json::object object;
    object["value"] = facts.value;
    return object;
  }
};

}  // namespace dtenv
