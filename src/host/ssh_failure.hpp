#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "host/ssh_options.hpp"

namespace dtenv {

/// Why a connection did not come to be, or ended.
struct SshFailure {
  Error error;
  bool retry = false;  ///< the machine was merely busy with other logins
};

/// What ssh said (its exit status 255 alone decides nothing: a command may have it too).
SshFailure classify_ssh_failure(const SshOptions& options, std::string_view said,
                                std::string_view fallback);

}  // namespace dtenv
