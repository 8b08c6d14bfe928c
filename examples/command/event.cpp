#include "event.hpp"

#include <array>

namespace command {
namespace {

struct Kind {
  std::string_view type;
  std::string_view words;  ///< what stands before the text
  Tone tone;
};

constexpr std::array<Kind, 11> kinds = {{
    {"job.started", "", Tone::plain},
    {"job.finished", "finished: ", Tone::plain},
    {"host.connected", "", Tone::plain},
    {"host.failed", "FAILED: ", Tone::bad},
    {"step.started", "looking", Tone::plain},
    {"change.started", "now: ", Tone::plain},
    {"change.finished", "done: ", Tone::changed},
    {"change.failed", "FAILED: ", Tone::bad},
    {"plan.ready", "plan: ", Tone::plain},
    {"note", "note: ", Tone::plain},
    {"warning", "warning: ", Tone::warning},
}};

const Kind* kind_of(std::string_view type) {
  for (const Kind& kind : kinds)
    if (kind.type == type) return &kind;
  return nullptr;
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::string amount(const Event& event) {
  if (event.total == 0) return event.done == 0 ? "" : " (" + std::to_string(event.done) + ")";
  return " (" + std::to_string(event.done * 100 / event.total) + "%)";
}

}  // namespace

Tone tone_of(const Event& event) {
  if (const Kind* kind = kind_of(event.type); kind != nullptr) return kind->tone;
  if (event.type != "step.finished") return Tone::plain;
  if (starts_with(event.text, "ok")) return Tone::good;
  if (starts_with(event.text, "changed") || starts_with(event.text, "planned"))
    return Tone::changed;
  const bool passed_over = starts_with(event.text, "skipped") || starts_with(event.text, "blocked");
  return passed_over ? Tone::warning : Tone::bad;
}

bool is_milestone(const Event& event) {
  return event.type != "progress" && event.type != "output";
}

std::string event_line(const Event& event) {
  std::string line;
  for (const std::string& part : {event.host, event.step})
    if (!part.empty()) line += part + "  ";
  if (const Kind* kind = kind_of(event.type); kind != nullptr) line += kind->words;
  line += event.text;
  if (event.type == "progress") line += amount(event);
  return printable(line);
}

std::string printable(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (const auto from = text.rfind('\r'); from != std::string_view::npos)
    text.remove_prefix(from + 1);
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if (byte == '\t') {
      out += "  ";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += '?';
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080…U+009F obey like ESC [
      out += '?';
      ++at;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace command
