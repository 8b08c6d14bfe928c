#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dtenv {

/// Cuts a stream into lines, wherever its pieces end. Empty lines are passed over.
class LineSplitter {
 public:
  using Line = std::function<Result<void>(std::string_view)>;

  explicit LineSplitter(Line line, std::size_t limit = std::size_t{1} << 20)
      : line_(std::move(line)), limit_(limit) {}

  Result<void> feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (rest_.size() + piece.size() > limit_)
        return Error{Status::io,
                     "a line of the reply is longer than " + std::to_string(limit_) + " bytes"};
      if (end == std::string_view::npos) {
        rest_ += piece;
        return {};
      }
      if (rest_.empty()) {
        DT_TRY(emit(piece));
      } else {
        rest_ += piece;
        const std::string whole = std::exchange(rest_, {});
        DT_TRY(emit(whole));
      }
      bytes.remove_prefix(end + 1);
    }
    return {};
  }

  /// The last line may lack its end.
  Result<void> finish() {
    const std::string last = std::exchange(rest_, {});
    return emit(last);
  }

 private:
  Result<void> emit(std::string_view line) const {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return {};
    return line_(line);
  }

  Line line_;
  std::size_t limit_;
  std::string rest_;
};

}  // namespace dtenv
