#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "formats/hostfile_reader.hpp"

namespace dtenv {

/// A word, a quoted value without its quotes, or "=".
struct HostfileWord {
  std::string text;
  std::size_t column = 1;
  bool is_equal = false;
};

/// Cuts the lines of dtenv's dialect into words. Remembers an open /* from line to line.
class HostfileLexer {
 public:
  explicit HostfileLexer(HostfileReader& reader) : reader_(reader) {}
  std::vector<HostfileWord> words(std::string_view line, int number);
  /// Notes a comment that never ends.
  void finish();

 private:
  std::size_t skip_comment(std::string_view line, std::size_t at, int number);
  bool is_sound(std::string_view line, int number);

  HostfileReader& reader_;
  bool in_comment_ = false;
  int comment_line_ = 0;
};

}  // namespace dtenv
