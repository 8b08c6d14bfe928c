#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// The regular expression that moby/patternmatcher makes of a pattern, run as a set of states: the
/// time is linear in the path, whatever the pattern.
class IgnoreRegex {
 public:
  /// Without its ^ and $: characters, classes, `.*`, `[…]*` and `(.*/)?`, as RE2 reads them.
  static Result<IgnoreRegex> compile(std::string_view expression);

  bool matches(std::string_view path) const { return run(path, false); }
  /// Whether the path or a folder above it matches.
  bool matches_folder_of(std::string_view path) const { return run(path, true); }

  /// The characters of one `[…]`, or one character.
  struct Set {
    bool negated = false;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
    bool has(std::uint32_t point) const;
    void add(std::uint32_t low, std::uint32_t high) { ranges.emplace_back(low, high); }
  };

 private:
  enum class Kind {
    take,   ///< one character of the set
    loop,   ///< any number of them
    fork,   ///< go on, or past the two steps that follow: `(.*/)?`
    begin,  ///< only before the first character: a "^" in a pattern
  };
  struct Step {
    Kind kind = Kind::take;
    Set set;
  };
  class Compiler;
  void enter(std::vector<char>& states, std::size_t at, bool begin) const;
  bool run(std::string_view path, bool folders) const;

  std::vector<Step> steps_;
};

}  // namespace dtenv
