#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dtenv {

/// Whole lines out of bytes that come in pieces. A line above 64 KiB is given in parts, so that a
/// program that never ends one cannot fill the memory; a carriage return ends a line too (progress
/// bars).
class LineBuffer {
 public:
  template <class Take>
  void add(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find_first_of("\r\n");
      rest_.append(bytes.substr(0, end));
      if (end == std::string_view::npos) {
        if (rest_.size() >= limit) finish(take);
        return;
      }
      const bool blank_after_return = rest_.empty() && bytes[end] == '\n' && after_return_;
      if (!blank_after_return) {
        take(std::string_view(rest_));
        rest_.clear();
      }
      after_return_ = bytes[end] == '\r';
      bytes.remove_prefix(end + 1);
    }
  }
  template <class Take>
  void finish(Take take) {
    if (rest_.empty()) return;
    take(std::string_view(rest_));
    rest_.clear();
  }

 private:
  static constexpr std::size_t limit = 65536;
  std::string rest_;
  bool after_return_ = false;
};

}  // namespace dtenv
