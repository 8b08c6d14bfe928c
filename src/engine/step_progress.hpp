#pragma once

#include <string>
#include <string_view>

#include "engine/event.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// A step's progress on one machine as events.
class StepProgress final : public Progress {
 public:
  StepProgress(EventStream& events, std::string host, std::string step)
      : events_(events), host_(std::move(host)), step_(std::move(step)) {}

  void text(std::string_view line) override {
    Event event = make("progress", EventClass::progress);
    event.text = line;
    events_.emit(event);
  }
  void amount(std::uint64_t done, std::uint64_t total) override {
    Event event = make("progress", EventClass::progress);
    event.done = done;
    event.total = total;
    events_.emit(event);
  }
  void output(std::string_view source, std::string_view line) override {
    Event event = make("output", EventClass::output);
    event.source = source;
    event.text = line;
    events_.emit(event);
  }

 private:
  Event make(std::string_view type, EventClass kind) const {
    Event event;
    event.type = type;
    event.host = host_;
    event.step = step_;
    event.kind = kind;
    return event;
  }

  EventStream& events_;
  std::string host_;
  std::string step_;
};

}  // namespace dtenv
