#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "steps/launch_order.hpp"
#include "steps/line_buffer.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// One traceback out of many equal ones: of the first it gives every line, of the others their
/// ranks, at the end. Lines of a rank that are no traceback pass at once.
class TracebackFold {
 public:
  using Give = std::function<void(int rank, std::string_view line)>;
  void add(int rank, std::string_view line, const Give& give);
  /// What is held back, and "the same traceback on ranks 1, 2, 3" for each that was folded.
  void finish(const Give& give);

 private:
  void end(int rank, const Give& give);

  std::map<int, std::string> open_;               // by rank: a traceback that has not ended
  std::map<std::string, std::vector<int>> seen_;  // by its digest: ranks after the first
};

/// Hands the run's lines on with node and rank, and keeps the end of what the launcher itself says.
/// It keeps a bounded part of them, however much a rank prints.
class LaunchOutput {
 public:
  LaunchOutput(const LaunchOrder& order, std::string node, Progress& progress);
  LaunchOutput(const LaunchOutput&) = delete;
  LaunchOutput& operator=(const LaunchOutput&) = delete;

  void take(Stream stream, std::string_view bytes);
  void finish();
  const std::string& tail() const { return tail_; }
  /// The end of what ranks wrote on stderr.
  const std::string& rank_tail() const { return rank_tail_; }

 private:
  void tell(Stream stream, std::string_view line);
  void tell_rank(int rank, bool error, std::string_view line);

  const LaunchOrder& order_;
  std::string node_;
  Progress& progress_;
  LineBuffer out_;
  LineBuffer err_;
  TracebackFold fold_;
  TracebackFold::Give give_;
  std::string tail_;
  std::string rank_tail_;
};

}  // namespace dtenv
