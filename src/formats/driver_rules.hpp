#pragma once

#include "formats/driver_facts.hpp"
#include "formats/driver_verdict.hpp"

namespace dtenv {

// The rules behind driver_verdict(), in its order. Each says in `verdict` what it found and returns
// true where its state applies.
using DriverRule = bool (*)(const DriverFacts&, const DriverWish&, DriverVerdict&);

// driver_rules_module.cpp: is there a GPU, whose is it, and does its module run?
bool rule_no_gpu(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_owned_by_other(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_needs_open(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_needs_proprietary(const DriverFacts& facts, const DriverWish& wish,
                            DriverVerdict& verdict);
bool rule_not_built(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_secure_boot(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_not_loaded(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);

// driver_rules_answer.cpp: does what is loaded serve its users?
bool rule_api_mismatch(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_fabric_mismatch(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_gpu_unhealthy(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);
bool rule_driver_too_old(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);

/// driver_warnings.cpp: what a machine that works should still mind.
void warn_of_ok(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict);

}  // namespace dtenv
