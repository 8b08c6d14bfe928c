#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/event_queue.hpp"

namespace dtenv {

/// One thing that happened, as the C ABI tells it: a JSON object on one line.
struct Event {
  std::string_view type;  ///< "step.finished"
  std::string host;
  std::string step;
  std::string text;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known
  std::string source;       ///< of an output line: who printed it ("V100-1 rank 0 out")
  EventClass kind = EventClass::state;
};

/// Numbers events, stamps them with the time and hands them on: the only clock in the engine.
class EventStream {
 public:
  using Receiver = std::function<void(EventClass, std::string line)>;
  EventStream(std::string job, std::uint64_t& sequence, Receiver receiver)
      : job_(std::move(job)), sequence_(sequence), receiver_(std::move(receiver)) {}

  void emit(const Event& event);

 private:
  std::string job_;
  std::uint64_t& sequence_;
  Receiver receiver_;
};

/// "2026-01-31T12:34:56.789Z"
std::string utc_now();

}  // namespace dtenv
