#pragma once

#include <functional>
#include <optional>

#include "base/result.hpp"
#include "base/task.hpp"
#include "host/ssh_failure.hpp"

namespace dtenv {

/// One try; nullopt: the machine answers.
using DialOnce = std::function<Task<std::optional<SshFailure>>()>;

/// Dials; waits and tries again, at most three times, where the machine is merely busy with logins.
Task<Result<void>> dial_patiently(DialOnce dial);

}  // namespace dtenv
