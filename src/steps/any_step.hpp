#pragma once

#include <any>
#include <boost/json/object.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "steps/step.hpp"

namespace dtenv {

/// One step's facts of one machine, whatever their type; empty where the machine has none.
struct AnyFacts {
  AnyFacts() = default;  // no aggregate: C++20 would let it be made of an Error
  std::any value;
};

/// A step with its types erased: what the engine drives.
class AnyStep {
 public:
  virtual ~AnyStep() = default;
  virtual std::string_view kind() const = 0;
  virtual bool whole_cluster() const = 0;
  virtual Task<Result<AnyFacts>> observe(Target& target) const = 0;
  virtual Result<Plan> plan(const Cluster<AnyFacts>& cluster) const = 0;
  virtual Result<Plan> plan_destroy(const Cluster<AnyFacts>& cluster) const = 0;
  /// How many of the first of these changes of one machine apply() takes at once: 1 at least.
  virtual std::size_t together(std::span<const Change> changes) const = 0;
  virtual Task<Result<void>> apply(std::span<const Change> changes, Target& target) const = 0;
  virtual Task<Result<void>> stop(const Change& change, Target& target) const = 0;
  virtual void publish(const Cluster<AnyFacts>& cluster, Outputs& outputs) const = 0;
  virtual json::object describe(const AnyFacts& facts) const = 0;
};

/// The one adapter: gives a step struct the erased face, and the optional members their defaults.
template <class S>
class StepAdapter final : public AnyStep {
 public:
  explicit StepAdapter(typename S::Config config) : config_(std::move(config)) {}

  std::string_view kind() const override { return S::kind; }
  bool whole_cluster() const override { return S::whole_cluster; }

  Task<Result<AnyFacts>> observe(Target& target) const override {
    auto facts = co_await S::observe(config_, target);
    if (!facts) co_return std::move(facts).error();
    AnyFacts erased;
    erased.value = std::move(*facts);
    co_return erased;
  }
  Result<Plan> plan(const Cluster<AnyFacts>& cluster) const override {
    return S::plan(config_, typed(cluster));
  }
  Result<Plan> plan_destroy(const Cluster<AnyFacts>& cluster) const override {
    if constexpr (requires { S::plan_destroy(config_, typed(cluster)); })
      return S::plan_destroy(config_, typed(cluster));
    else
      return Plan{};
  }
  std::size_t together(std::span<const Change> changes) const override {
    if constexpr (requires { S::together(changes); })
      return S::together(changes);
    else
      return 1;
  }
  Task<Result<void>> apply(std::span<const Change> changes, Target& target) const override {
    if constexpr (requires { S::together(changes); })
      return S::apply(config_, changes, target);
    else
      return S::apply(config_, changes.front(), target);
  }
  Task<Result<void>> stop(const Change& change, Target& target) const override {
    if constexpr (requires { S::stop(config_, change, target); })
      co_return co_await S::stop(config_, change, target);
    co_return Result<void>();
  }
  void publish(const Cluster<AnyFacts>& cluster, Outputs& outputs) const override {
    S::publish(config_, typed(cluster), outputs);
  }
  json::object describe(const AnyFacts& facts) const override {
    return S::describe(std::any_cast<const typename S::Facts&>(facts.value));
  }

 private:
  static Cluster<typename S::Facts> typed(const Cluster<AnyFacts>& cluster) {
    Cluster<typename S::Facts> result;
    result.nodes = cluster.nodes;
    for (const auto& machine : cluster.machines)
      result.machines.push_back(
          {machine.node, std::any_cast<const typename S::Facts&>(machine.facts.value)});
    return result;
  }

  typename S::Config config_;
};

}  // namespace dtenv
