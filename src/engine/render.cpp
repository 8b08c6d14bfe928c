// A plan or a report as text for people: what dtenv_render gives.
#include <boost/json.hpp>

#include "base/text.hpp"
#include "base/units.hpp"
#include "engine/session.hpp"

namespace dtenv {

namespace {

using boost::json::array;
using boost::json::object;

std::string text_of(const object& from, std::string_view key) {
  const auto* found = from.if_contains(key);
  return found && found->is_string() ? std::string(found->as_string()) : "";
}

const array& list_of(const object& from, std::string_view key) {
  static const array none;
  const auto* found = from.if_contains(key);
  return found && found->is_array() ? found->as_array() : none;
}

std::string count_of(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string seconds_of(const object& from) {
  const auto* found = from.if_contains("seconds");
  const double seconds = found && found->is_number() ? found->to_number<double>() : 0;
  return show_duration(Duration(static_cast<std::int64_t>(seconds * 1000)));
}

/// Continuation lines keep the indent, so that a cause of several lines stays under its machine.
std::string indented(std::string_view text, std::size_t width) {
  return replace_all(text, "\n", "\n" + std::string(width, ' '));
}

std::string change_text(const object& change, bool with_host) {
  std::string line = "    ";
  if (with_host) line += padded(text_of(change, "host"), 12) + " ";
  line += padded(text_of(change, "action"), 8) + text_of(change, "resource") + "\n";
  line += "        because " + indented(text_of(change, "reason"), 16) + "\n";
  const std::string before = text_of(change, "before");
  const std::string after = text_of(change, "after");
  if (!before.empty()) line += "        before  " + indented(before, 16) + "\n";
  if (!after.empty()) line += "        after   " + indented(after, 16) + "\n";
  for (const auto& item : list_of(change, "disrupts"))
    line += "      ! takes down " + text_of(item.as_object(), "what") +
            " (allow: " + text_of(item.as_object(), "kind") + ")\n";
  return line;
}

std::string error_text(const object& error, std::size_t indent) {
  const std::string space(indent, ' ');
  std::string text =
      space + text_of(error, "status") + ": " + indented(text_of(error, "message"), indent) + "\n";
  for (const auto& value : list_of(error, "detail")) {
    const object& item = value.as_object();
    text += space + "  - " + indented(text_of(item, "problem"), indent + 4) + "\n";
    if (const std::string hint = text_of(item, "hint"); !hint.empty())
      text += space + "    " + indented(hint, indent + 4) + "\n";
  }
  return text;
}

std::string note_text(const object& note) {
  return "    " + padded(text_of(note, "host"), 12) + " " + text_of(note, "severity") + ": " +
         indented(text_of(note, "text"), 17) + "\n";
}

std::string plan_text(const object& plan) {
  const array& changes = list_of(plan, "changes");
  const array& failures = list_of(plan, "failures");
  std::string text = "Plan for " + text_of(plan, "cluster") + ": ";
  text += !changes.empty()   ? count_of(changes.size(), "change")
          : failures.empty() ? "nothing to change"
                             : "no change, and not everything could be planned";
  text += "\n";
  std::string step;
  for (const auto& value : changes) {
    const object& change = value.as_object();
    if (text_of(change, "step") != step) {
      step = text_of(change, "step");
      text += "  " + step + "\n";
    }
    text += change_text(change, true);
  }
  if (!list_of(plan, "notes").empty()) text += "  notes\n";
  for (const auto& note : list_of(plan, "notes")) text += note_text(note.as_object());
  if (!list_of(plan, "failures").empty()) text += "  cannot be planned\n";
  for (const auto& failure : list_of(plan, "failures")) {
    text += "    " + text_of(failure.as_object(), "host") + " " +
            text_of(failure.as_object(), "step") + "\n";
    text += error_text(failure.as_object(), 6);
  }
  return text;
}

std::string step_text(const object& step) {
  const array& made = list_of(step, "changes");
  std::string text = "    " + padded(text_of(step, "id"), 17) + padded(text_of(step, "status"), 13);
  if (!made.empty()) text += count_of(made.size(), "change") + ", ";
  text += seconds_of(step) + "\n";
  for (const auto& value : made)
    text += "      " + padded(text_of(value.as_object(), "action"), 8) +
            text_of(value.as_object(), "resource") + "\n";
  for (const auto& value : list_of(step, "notes"))
    text += "      " + text_of(value.as_object(), "severity") + ": " +
            indented(text_of(value.as_object(), "text"), 8) + "\n";
  if (const auto* error = step.if_contains("error"); error && error->is_object())
    text += error_text(error->as_object(), 6);
  return text;
}

std::string report_text(const object& report) {
  const auto* made = report.if_contains("changes_made");
  const auto changes = made && made->is_number() ? made->to_number<std::size_t>() : 0;
  std::string text = text_of(report, "kind") + " of " + text_of(report, "cluster") + ": " +
                     text_of(report, "status") + ", " +
                     (changes == 0 ? "no change" : count_of(changes, "change")) + ", " +
                     seconds_of(report) + "\n";
  for (const auto& value : list_of(report, "hosts")) {
    const object& host = value.as_object();
    text += "  " + padded(text_of(host, "name"), 14) + padded(text_of(host, "address"), 18) +
            text_of(host, "status") + "\n";
    if (const auto* error = host.if_contains("error"); error && error->is_object())
      text += error_text(error->as_object(), 4);
    for (const auto& step : list_of(host, "steps")) text += step_text(step.as_object());
  }
  if (const auto* error = report.if_contains("error"); error && error->is_object())
    text += error_text(error->as_object(), 2);
  return text;
}

}  // namespace

Result<std::string> render_text(std::string_view plan_or_report_json) {
  boost::json::error_code failed;
  const auto value = boost::json::parse(boost::json::string_view(plan_or_report_json), failed);
  if (failed || !value.is_object())
    return Error(Status::config, "render: not the JSON of a plan or a report");
  const object& root = value.as_object();
  if (root.contains("hosts")) return report_text(root);
  if (root.contains("changes")) return plan_text(root);
  return Error(Status::config, "render: neither a plan (\"changes\") nor a report (\"hosts\")");
}

}  // namespace dtenv
