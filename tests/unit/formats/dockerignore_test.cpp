#include "formats/dockerignore.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "base/text.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

bool excluded(const std::vector<std::string>& lines, std::string_view path) {
  const auto ignore = Dockerignore::from_lines(lines);
  REQUIRE(ignore);
  const auto answer = ignore->excludes(path);
  REQUIRE(answer);
  return *answer;
}

}  // namespace

TEST_SUITE("dockerignore") {
  // Pattern, path, excluded: the cases of moby/patternmatcher's own behaviour.
  TEST_CASE("patterns match as moby/patternmatcher has it") {
    struct Case {
      const char* pattern;
      const char* path;
      bool match;
    };
    const Case cases[] = {
        {"**", "file", true},
        {"**", "dir/file", true},
        {"**/", "file", true},
        {"**/**", "dir/file", true},
        {"dir/**", "dir/file", true},
        {"dir/**", "dir", false},
        {"dir/**", "dir/dir2/file", true},
        {"**/dir", "dir/file", true},
        {"**/dir2/*", "dir/dir2/file", true},
        {"**/dir2/*", "dir/dir2/dir2/file", true},
        {"**/dir2/**", "dir/dir2/dir2/file", true},
        {"**file", "file", true},
        {"**file", "dir/file", true},
        {"**/file", "dir/file", true},
        {"**/file", "dir/dir/file", true},
        {"**/file*", "dir/dir/file.txt", true},
        {"**/file*txt", "dir/dir/file.txt", true},
        {"**/file*.txt*", "dir/dir/file.txt", true},
        {"**/**/*.txt", "dir/dir/file.txt", true},
        {"**/**/*.txt2", "dir/dir/file.txt", false},
        {"**/*.txt", "file.txt", true},
        {"**/*.txt", "dir/dir/file.txt", true},
        {"a**/*.txt", "a/file.txt", true},
        {"a**/*.txt", "a/dir/dir/file.txt", true},
        {"a/*.txt", "a/dir/file.txt", false},
        {"a/*.txt", "a/file.txt", true},
        {"a/*.txt**", "a/file.txt", true},
        {"a[b-d]e", "ae", false},
        {"a[b-d]e", "ace", true},
        {"a[b-d]e", "aae", false},
        {"a[^b-d]e", "aze", true},
        {".*", ".foo", true},
        {".*", "foo", false},
        {"abc.def", "abcdef", false},
        {"abc.def", "abc.def", true},
        {"abc.def", "abcZdef", false},
        {"abc?def", "abcZdef", true},
        {"abc?def", "abcdef", false},
        {"a\\*b", "a*b", true},
        {"a\\*b", "axb", false},
        {"**/foo/bar", "foo/bar", true},
        {"**/foo/bar", "dir/foo/bar", true},
        {"**/foo/bar", "dir/dir2/foo/bar", true},
        {"abc/**", "abc", false},
        {"abc/**", "abc/def/ghi", true},
        {"**/.foo", ".foo", true},
        {"**/.foo", "bar.foo", false},
        {"a(b)c/def", "a(b)c/def", true},
        {"a.|)$(}+{bc", "a.|)$(}+{bc", true},
        {"dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl",
         "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", true},
        {"dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", true},
        {"file", "file", true},
        {"/file", "file", true},
        {"file/", "file", true},
        {"docs", "docs/a/b/c.md", true},
        {"docs", "mydocs/a", false},
        {"*", "a/b", true},
        {"*/*", "a", false},
        {"*/temp*", "dir/temporary/x", true},
        {"./a", "a", true},
        {"a//b/../c", "a/c", true},
        {"../x", "x", false},
        {"\xc3\xa9?", "\xc3\xa9\xc3\xa8", true},
        {"\\d", "7", true},
    };
    for (const Case& one : cases) {
      CAPTURE(one.pattern);
      CAPTURE(one.path);
      CHECK(excluded({one.pattern}, one.path) == one.match);
    }
  }

  TEST_CASE("the last pattern that matches counts, a folder's match counts for what is in it") {
    CHECK(excluded({"**", "!util/docker/web"}, "util/docker/web/foo") == false);
    CHECK(excluded({"**", "!util/docker/web", "util/docker/web/foo"}, "util/docker/web/foo"));
    CHECK_FALSE(excluded({"*.md", "!README.md"}, "README.md"));
    CHECK(excluded({"!README.md", "*.md"}, "README.md"));
    CHECK(excluded({"a", "!a/b", "a/b/c"}, "a/b/c/d"));
    CHECK_FALSE(excluded({"a", "!a/b", "a/b/c"}, "a/b/d"));
  }

  TEST_CASE("comments, blanks, a byte-order mark and carriage returns") {
    CHECK(excluded({"\xEF\xBB\xBF# no", "  x  \r", ""}, "x"));
    CHECK_FALSE(excluded({"# x", "#x"}, "x"));
    CHECK(excluded({" #x"}, "#x"));
    CHECK_FALSE(excluded({"*", "! x "}, "x"));
  }

  TEST_CASE("what cannot be read is an error with its line") {
    for (const char* pattern : {"!", "a[", "[]a]", "[", "a\\", "[a-", "[-x]"}) {
      CAPTURE(pattern);
      const auto ignore = Dockerignore::from_lines({"ok", pattern});
      REQUIRE_FALSE(ignore);
      CHECK(ignore.error().detail[0].line == 2);
    }
    const auto late = Dockerignore::from_lines({"[z-a]"});
    REQUIRE(late);
    CHECK_FALSE(late->excludes("q"));
    CHECK_FALSE(Dockerignore::from_lines({std::string(1 << 20, 'a')}));
  }

  TEST_CASE("a pattern that ruins backtracking matchers takes no time") {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "*a";
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(excluded({pattern + "b"}, std::string(5000, 'a')));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  }
}
