#include "documents.hpp"

// Boost.JSON lives in this one file of the command: its source, not its library.
#include <boost/json/src.hpp>

namespace command {
namespace {

namespace json = boost::json;

json::value parse(std::string_view text) {
  json::error_code problem;
  json::value value = json::parse({text.data(), text.size()}, problem);
  return problem ? json::value() : value;
}

/// The member as text: empty where it is missing or null, compact JSON where it is no string.
std::string member(const json::value& from, std::string_view key) {
  const json::object* object = from.if_object();
  const json::value* found =
      object == nullptr ? nullptr : object->if_contains({key.data(), key.size()});
  if (found == nullptr || found->is_null()) return {};
  if (const json::string* text = found->if_string()) return {text->data(), text->size()};
  return json::serialize(*found);
}

std::uint64_t amount(const json::value& from, std::string_view key) {
  const std::string text = member(from, key);
  return text.empty() || text.find_first_not_of("0123456789") != std::string::npos
             ? 0
             : std::strtoull(text.c_str(), nullptr, 10);
}

const json::array* list(const json::value& from, std::string_view key) {
  const json::object* object = from.if_object();
  const json::value* found =
      object == nullptr ? nullptr : object->if_contains({key.data(), key.size()});
  return found == nullptr ? nullptr : found->if_array();
}

std::string problem_line(const json::value& problem, std::string_view file) {
  std::string line(file);
  const std::uint64_t number = amount(problem, "line");
  if (number > 0)
    line += (line.empty() ? "line " : ":") + std::to_string(number) + ":" +
            std::to_string(amount(problem, "column"));
  if (!line.empty()) line += ": ";
  line += member(problem, "problem");
  if (const std::string pointer = member(problem, "pointer"); !pointer.empty())
    line += " (at " + pointer + ")";
  if (const std::string hint = member(problem, "hint"); !hint.empty()) line += "; " + hint;
  return printable(line);
}

}  // namespace

std::optional<Event> parse_event(std::string_view line) {
  const json::value value = parse(line);
  if (!value.is_object()) return std::nullopt;
  Event event;
  event.type = member(value, "type");
  event.job = member(value, "job");
  event.host = member(value, "host");
  event.step = member(value, "step");
  event.text = member(value, "text");
  event.source = member(value, "source");
  event.done = amount(value, "done");
  event.total = amount(value, "total");
  return event;
}

std::size_t count_changes(std::string_view plan_json) {
  const json::value plan = parse(plan_json);
  const json::array* changes = list(plan, "changes");
  return changes == nullptr ? 0 : changes->size();
}

std::vector<std::string> error_lines(std::string_view error_json, std::string_view file) {
  const json::value error = parse(error_json);
  std::string first = "error: " + member(error, "status");
  for (const char* key : {"host", "step"})
    if (const std::string name = member(error, key); !name.empty()) first += " [" + name + "]";
  std::vector<std::string> lines = {printable(first + ": " + member(error, "message"))};
  if (const json::array* detail = list(error, "detail"))
    for (const json::value& problem : *detail) lines.push_back("  " + problem_line(problem, file));
  return lines;
}

std::string text_arguments(std::string_view text) {
  json::object arguments;
  arguments["text"] = json::string_view(text.data(), text.size());
  return json::serialize(arguments);
}

std::string base64_arguments(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i])
                                                  : std::uint32_t{0});
    for (std::size_t i = 0; i < 4; ++i)
      encoded += at + i <= bytes.size() ? alphabet[group >> (18 - 6 * i) & 63] : '=';
  }
  json::object arguments;
  arguments["base64"] = encoded;
  return json::serialize(arguments);
}

std::vector<Verdict> verdicts_of(std::string_view diagnosis_json) {
  std::vector<Verdict> verdicts;
  const json::value diagnosis = parse(diagnosis_json);
  const json::array* entries = list(diagnosis, "verdicts");
  if (entries == nullptr) return verdicts;
  for (const json::value& entry : *entries) {
    Verdict verdict;
    verdict.engine = member(entry, "dialect");
    verdict.kind = member(entry, "verdict");
    verdict.hosts = member(entry, "hosts");
    verdict.slots = member(entry, "slots");
    verdict.rewritten = member(entry, "rewritten");
    if (const json::array* findings = list(entry, "findings"))
      for (const json::value& finding : *findings)
        verdict.findings.push_back({amount(finding, "line"), amount(finding, "column"),
                                    member(finding, "problem"), member(finding, "hint")});
    if (const json::array* lost = list(entry, "lost"))
      for (const json::value& field : *lost)
        verdict.lost += (verdict.lost.empty() ? "" : ", ") + std::string(field.as_string());
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

std::string session_options(int max_parallel) {
  json::object options;
  if (max_parallel > 0) options["max_parallel_hosts"] = max_parallel;
  return json::serialize(options);
}

std::string matches_text(std::string_view matches_json) {
  const json::value document = parse(matches_json);
  std::string out;
  if (const json::array* matches = list(document, "matches"))
    for (const json::value& match : *matches) {
      out += member(match, "id") + "\n  cause:  " + member(match, "cause");
      out += "\n  repair: " + member(match, "repair") + "\n";
    }
  return out;
}

std::vector<std::string> steps_of_kind(std::string_view report_json, std::string_view kind) {
  std::vector<std::string> ids;
  const json::value report = parse(report_json);
  const json::array* hosts = list(report, "hosts");
  // Every machine lists every step of the document.
  if (hosts == nullptr || hosts->empty()) return ids;
  if (const json::array* steps = list(hosts->front(), "steps"))
    for (const json::value& step : *steps)
      if (member(step, "kind") == kind) ids.push_back(member(step, "id"));
  return ids;
}

}  // namespace command
