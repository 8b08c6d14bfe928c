#pragma once

#include <boost/json/object.hpp>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "steps/line_buffer.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// Follows a build's stream, the old builder's or BuildKit's: steps become progress, output is
/// handed on, and the end is kept for the error of a build that fails.
class BuildLog {
 public:
  explicit BuildLog(Progress& progress) : progress_(progress) {}

  void take(const json::object& object);
  /// The stream's error with the step it happened in and its last lines of output.
  Error explain(const Error& error, std::string_view what) const;

 private:
  void take_stream(std::string_view text);
  void take_line(std::string_view line);
  void take_trace(std::string_view base64_text);
  void take_output(std::string_view line);
  void count_step(std::string_view label);

  Progress& progress_;
  LineBuffer lines_;
  std::map<std::string, LineBuffer> outputs_;  ///< of BuildKit's vertices
  std::map<std::string, std::string> names_;   ///< of the vertices told already
  std::string step_;
  std::deque<std::string> last_;
};

}  // namespace dtenv
