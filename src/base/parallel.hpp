#pragma once

#include <cstddef>
#include <functional>

#include "base/task.hpp"

namespace dtenv {

/// Runs `work(0)` … `work(count - 1)`, at most `window` at a time, and comes back when all have
/// ended. A cancellation reaches every one of them; it is thrown on once all have stopped.
/// Outcomes are the callee's to keep: the work of one index says nothing about another's.
Task<void> for_each_parallel(std::size_t count, std::size_t window,
                             std::function<Task<void>(std::size_t)> work);

}  // namespace dtenv
