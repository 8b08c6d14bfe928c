#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "display.hpp"

namespace command {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto frame = std::chrono::milliseconds(100);
constexpr std::array<std::string_view, 4> spinner = {"|", "/", "-", "\\"};

/// What one machine is at.
struct Row {
  std::string host;
  std::string step;
  std::string text;
  Tone tone = Tone::plain;
  bool busy = false;
};

class LiveDisplay : public Display {
 public:
  LiveDisplay(const Terminal& terminal, std::ostream& output, bool verbose)
      : terminal_(terminal), output_(output), verbose_(verbose) {}
  LiveDisplay(const LiveDisplay&) = delete;
  LiveDisplay& operator=(const LiveDisplay&) = delete;
  ~LiveDisplay() override { erase(); }

  void show(const Event& event) override {
    if (!event.host.empty()) update(row_of(event.host), event);
    const bool stands = event.type != "step.started" && event.type != "change.started" &&
                        event.type != "host.connected";
    if ((is_milestone(event) && stands) || (verbose_ && event.type == "output"))
      note(event_line(event), tone_of(event));
    else
      draw_if_due();
  }

  void output(std::string_view line) override {
    erase();
    output_ << line << std::endl;
    draw();
  }

  void note(std::string_view line, Tone tone) override {
    erase();
    std::cerr << terminal_.painted(line, tone) << '\n';
    draw();
  }

  void tick() override {
    ++turn_;
    draw_if_due();
  }

  void finish() override {
    erase();
    rows_.clear();
  }

 private:
  Row& row_of(const std::string& host) {
    const auto found =
        std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.host == host; });
    if (found != rows_.end()) return *found;
    rows_.push_back({host, {}, {}});
    return rows_.back();
  }

  static void update(Row& row, const Event& event) {
    if (!event.step.empty()) row.step = event.step;
    Event bare = event;
    bare.host.clear();
    bare.step.clear();
    row.text = event_line(bare);
    row.tone = tone_of(event);
    row.busy = event.type != "step.finished" && event.type != "host.failed" &&
               event.type != "change.failed";
  }

  /// The rows that fit the window: what is busy or went wrong first, in the document's order.
  std::vector<const Row*> visible() const {
    const std::size_t room = std::max<std::size_t>(terminal_.height(), 4) - 2;
    std::vector<const Row*> shown;
    for (const bool urgent : {true, false})
      for (const Row& row : rows_)
        if ((row.busy || row.tone == Tone::bad) == urgent && shown.size() < room)
          shown.push_back(&row);
    std::sort(shown.begin(), shown.end());
    return shown;
  }

  std::string line_of(const Row& row, std::size_t name_width, std::size_t width) const {
    const std::string mark(row.busy ? spinner[turn_ % spinner.size()] : " ");
    std::string line = mark + " " + padded_columns(row.host, name_width) + "  ";
    if (!row.step.empty()) line += padded_columns(row.step, 15) + " ";
    return fitted(line + row.text, width);
  }

  void draw() {
    // One column less: a full line would wrap and the count of lines to erase be wrong.
    const std::size_t width = std::max<std::size_t>(terminal_.width(), 2) - 1;
    const std::vector<const Row*> shown = visible();
    std::size_t name_width = 0;
    for (const Row* row : shown) name_width = std::max(name_width, columns_of(row->host));
    name_width = std::min(name_width, width / 3);
    std::string region;
    for (const Row* row : shown)
      region += terminal_.painted(line_of(*row, name_width, width), row->tone) + "\n";
    if (shown.size() < rows_.size()) {
      const std::string more = std::to_string(rows_.size() - shown.size());
      region += fitted("  and " + more + " more", width) + "\n";
    }
    std::cerr << region << std::flush;
    drawn_ = shown.size() + (shown.size() < rows_.size() ? 1 : 0);
    last_ = Clock::now();
  }

  void draw_if_due() {
    if (Clock::now() - last_ < frame) return;
    erase();
    draw();
  }

  void erase() {
    if (drawn_ > 0) std::cerr << "\033[" << drawn_ << "A\r\033[J" << std::flush;
    drawn_ = 0;
  }

  Terminal terminal_;
  std::ostream& output_;
  bool verbose_;
  std::vector<Row> rows_;
  std::size_t drawn_ = 0;
  std::size_t turn_ = 0;
  Clock::time_point last_;
};

}  // namespace

std::unique_ptr<Display> live_display(const Terminal& terminal, std::ostream& output,
                                      bool verbose) {
  return std::make_unique<LiveDisplay>(terminal, output, verbose);
}

}  // namespace command
