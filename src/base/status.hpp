#pragma once

#include <cstdint>
#include <string_view>

namespace dtenv {

/// What a call came to. The values are those of `dtenv_status` in the C ABI and are never reused.
enum class Status : std::int32_t {
  ok = 0,
  empty = 1,
  invalid = -1,  ///< the caller broke the API's contract
  config = -2,   ///< the document or the arguments are wrong
  state = -3,    ///< right call, wrong moment
  not_found = -4,
  unsupported = -5,
  version = -6,
  nomem = -7,
  io = -8,
  host = -9,         ///< the machine cannot be reached
  command = -10,     ///< it ran and failed
  plan_stale = -11,  ///< the world moved since the plan was shown
  verify = -12,      ///< applied, and still not as wanted
  timeout = -13,
  cancelled = -14,
  child_lost = -15,  ///< the embedding process reaped our child
  forked = -16,
  internal = -17,
  refused = -18,  ///< would disrupt, and the environment does not allow it
  partial = -19,  ///< some machines succeeded
};

/// "OK", "CONFIG", …: what dtenv_status_name() gives.
std::string_view status_name(Status status);

}  // namespace dtenv
