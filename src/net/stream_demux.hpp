#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "proc/command.hpp"

namespace dtenv {

/// Takes apart what an engine multiplexes: frames of eight header bytes and a payload, split
/// anywhere. Payloads are handed on as they come, never held.
class StreamDemux {
 public:
  explicit StreamDemux(OutputSink sink) : sink_(std::move(sink)) {}

  Result<void> feed(std::string_view bytes);
  /// What the end of the connection means: fine between two frames, IO within one.
  Result<void> finish() const;

 private:
  enum Kind : std::uint8_t { standard_in, standard_out, standard_err, system_error };

  Result<void> begin_frame();
  Result<void> end_frame();

  OutputSink sink_;
  std::array<char, 8> head_{};
  std::size_t head_size_ = 0;
  std::uint64_t left_ = 0;  // of the payload
  std::string failure_;     // the engine's own words, from a frame of type 3
};

}  // namespace dtenv
