#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/ignore_regex.hpp"

namespace dtenv {

/// What a .dockerignore leaves out of a build context, as moby/patternmatcher decides it: the last
/// pattern that matches a path or a folder above it counts.
class Dockerignore {
 public:
  /// The file's text. CONFIG with the line for a pattern that cannot be read.
  static Result<Dockerignore> parse(std::string_view text);
  /// The file's lines: comments and empty ones are passed over.
  static Result<Dockerignore> from_lines(const std::vector<std::string>& lines);

  /// Adds a pattern after all others: "!Dockerfile".
  Result<void> append(std::string_view pattern, int line = 0);

  /// `path` is relative to the context, with "/" between its parts.
  Result<bool> excludes(std::string_view path) const;
  /// A "!" pattern may want files below an excluded folder: it has to be walked all the same.
  bool has_exceptions() const { return has_exceptions_; }
  bool empty() const { return patterns_.empty(); }

 private:
  struct Pattern {
    enum class Kind { exact, prefix, suffix, regex };
    bool exception = false;
    Kind kind = Kind::exact;
    std::string text;  ///< exact: all of it; prefix and suffix: without the "**"
    std::optional<IgnoreRegex> regex;
    int line = 0;
    bool broken = false;  ///< moby tells only once the pattern is tried
    bool matches(std::string_view path) const;
    bool matches_folder_of(std::string_view folder) const;
  };
  static Pattern compile(std::string_view pattern);

  std::vector<Pattern> patterns_;
  bool has_exceptions_ = false;
};

/// Go's path.Clean.
std::string clean_path(std::string_view path);

}  // namespace dtenv
