#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// A step of a BuildKit build as it stands now.
struct TraceVertex {
  std::string digest;
  std::string name;  ///< "[2/5] RUN apt-get update"
  std::string error;
  bool cached = false;
  bool started = false;
  bool completed = false;
};

/// What a step has done so far: bytes of a download or an export.
struct TraceStatus {
  std::string id;
  std::string vertex;
  std::int64_t current = 0;
  std::int64_t total = 0;
};

/// A piece of a step's output, not whole lines.
struct TraceLog {
  std::string vertex;
  std::int64_t stream = 0;  ///< 1 stdout, 2 stderr
  std::string text;
};

/// One StatusResponse of moby/buildkit's control.proto, as `moby.buildkit.trace` carries it.
struct BuildTrace {
  std::vector<TraceVertex> vertices;
  std::vector<TraceStatus> statuses;
  std::vector<TraceLog> logs;
  std::vector<std::string> warnings;
};

/// The message's bytes, base64 undone. Fields that are not known are passed over; IO where the
/// bytes are no such message.
Result<BuildTrace> parse_buildkit_trace(std::string_view bytes);

}  // namespace dtenv
