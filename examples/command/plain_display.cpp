#include <chrono>
#include <iostream>
#include <map>
#include <string>

#include "display.hpp"

namespace command {
namespace {

using Clock = std::chrono::steady_clock;

/// Progress of one machine is worth a line this often.
constexpr auto progress_pause = std::chrono::seconds(5);

class PlainDisplay : public Display {
 public:
  PlainDisplay(const Terminal& terminal, std::ostream& output, bool verbose)
      : terminal_(terminal), output_(output), verbose_(verbose) {}

  void show(const Event& event) override {
    if (is_milestone(event) || (verbose_ && event.type == "output") || is_due(event))
      note(event_line(event), tone_of(event));
  }

  void output(std::string_view line) override { output_ << line << std::endl; }

  void note(std::string_view line, Tone tone) override {
    std::cerr << terminal_.painted(line, tone) << std::endl;
  }

 private:
  bool is_due(const Event& event) {
    const auto now = Clock::now();
    const auto [last, is_first] = last_.try_emplace(event.host + ' ' + event.step, now);
    if (!is_first && now - last->second < progress_pause) return false;
    last->second = now;
    return !is_first;
  }

  Terminal terminal_;
  std::ostream& output_;
  bool verbose_;
  std::map<std::string, Clock::time_point> last_;
};

class QuietDisplay : public Display {
 public:
  explicit QuietDisplay(std::ostream& output) : output_(output) {}
  void show(const Event&) override {}
  void output(std::string_view line) override { output_ << line << std::endl; }
  void note(std::string_view line, Tone) override { std::cerr << line << std::endl; }

 private:
  std::ostream& output_;
};

}  // namespace

std::unique_ptr<Display> plain_display(const Terminal& terminal, std::ostream& output,
                                       bool verbose) {
  return std::make_unique<PlainDisplay>(terminal, output, verbose);
}

std::unique_ptr<Display> quiet_display(std::ostream& output) {
  return std::make_unique<QuietDisplay>(output);
}

}  // namespace command
