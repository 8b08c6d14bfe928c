#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor.hpp"
#include "event.hpp"

namespace command {

// What the command reads from the library's JSON, and writes for it.

/// nullopt for a line that is no event.
std::optional<Event> parse_event(std::string_view line);

/// The number of changes a plan holds.
std::size_t count_changes(std::string_view plan_json);

/// An error (JSON) as lines: the message, then each problem as `FILE:line:column: problem; hint`.
std::vector<std::string> error_lines(std::string_view error_json, std::string_view file);

/// {"text": …}
std::string text_arguments(std::string_view text);

/// {"base64": …}: any bytes.
std::string base64_arguments(std::string_view bytes);

/// What hostfile.doctor says, one entry a launcher.
std::vector<Verdict> verdicts_of(std::string_view diagnosis_json);

/// The options of dtenv_session_open.
std::string session_options(int max_parallel);

/// What `explain` found, as text; empty where nothing matched.
std::string matches_text(std::string_view matches_json);

/// The ids of a report's steps of one kind.
std::vector<std::string> steps_of_kind(std::string_view report_json, std::string_view kind);

}  // namespace command
