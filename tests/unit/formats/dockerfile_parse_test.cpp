#include "base/text.hpp"
#include "doctest/doctest.h"
#include "formats/dockerfile_shell.hpp"
#include "formats/dockerfile_text.hpp"

using namespace dtenv;

TEST_SUITE("Dockerfile parser") {
  TEST_CASE("continuations are joined, comments and empty lines within them are dropped") {
    const auto file = parse_dockerfile(
        "FROM debian\nRUN one && \\\n    # a comment\n\n    two\nCMD [\"a\", \"b\"]\n");
    REQUIRE(file.has_value());
    REQUIRE(file->instructions.size() == 3);
    const auto& run = file->instructions[1];
    CHECK(run.arguments == "one &&     two");
    CHECK(run.line == 2);
    CHECK(run.end_line == 5);
    CHECK(run.line_at(run.arguments.find("two")) == 5);
    CHECK(file->empty_continuation_lines == std::vector<int>{4});
    CHECK(file->comments.front().line == 3);
    REQUIRE(file->instructions[2].exec_form);
    CHECK(*file->instructions[2].exec_form == Argv{"a", "b"});
  }

  TEST_CASE("directives count before anything else only") {
    const auto file =
        parse_dockerfile("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN b `\n  c\n");
    REQUIRE(file.has_value());
    CHECK(file->syntax == "docker/dockerfile:1");
    CHECK(file->instructions[1].arguments == "b   c");
    CHECK(parse_dockerfile("FROM a\n# escape=`\n")->escape == '\\');
  }

  TEST_CASE("a heredoc belongs to its instruction") {
    const auto file = parse_dockerfile("FROM a\nRUN <<EOF\napt-get update\nEOF\nUSER b\n");
    REQUIRE(file.has_value());
    REQUIRE(file->instructions.size() == 3);
    CHECK(file->instructions[1].heredocs.front().content == "apt-get update\n");
    CHECK(shell_commands(*file).front().line == 3);
  }

  TEST_CASE("flags are apart, JSON that is none falls back to the shell form") {
    const auto file = parse_dockerfile(
        "FROM --platform=linux/amd64 a AS b\nCOPY --from=b --chown=1 /x /y\nCMD ['a']\n");
    REQUIRE(file.has_value());
    CHECK(file->instructions[1].flags == std::vector<std::string>{"--from=b", "--chown=1"});
    CHECK(file->instructions[1].arguments == "/x /y");
    CHECK_FALSE(file->instructions[2].exec_form);
  }

  TEST_CASE("an unknown instruction is an error with line and suggestion") {
    const auto file = parse_dockerfile("FROM a\n\nRUM x\n");
    REQUIRE_FALSE(file.has_value());
    CHECK(file.error().detail.front().line == 3);
    CHECK(file.error().detail.front().hint == "did you mean RUN?");
    CHECK_FALSE(parse_dockerfile("").has_value());
    CHECK_FALSE(parse_dockerfile("FROM\n").has_value());
    CHECK_FALSE(parse_dockerfile("FROM a\nRUN <<EOF\nx\n").has_value());
  }

  TEST_CASE("ENV is read in both forms") {
    bool legacy = true;
    const auto pairs = parse_env_pairs("A=1 B=\"two words\" C=x\\ y", &legacy);
    CHECK_FALSE(legacy);
    REQUIRE(pairs.size() == 3);
    CHECK(pairs[1].second == "two words");
    CHECK(pairs[2].second == "x y");
    CHECK(parse_env_pairs("PATH /opt/bin:$PATH", &legacy).front().second == "/opt/bin:$PATH");
    CHECK(legacy);
  }

  TEST_CASE("a RUN's commands are told apart with their lines") {
    const auto file = parse_dockerfile(
        "FROM a\nRUN X=1 apt-get update && \\\n  echo \"a && b\" > /f 2>&1 | tee 'x y'; \\\n"
        "  v=$(date; true)\n");
    REQUIRE(file.has_value());
    const auto commands = shell_commands(*file);
    REQUIRE(commands.size() == 4);
    CHECK(commands[0].program() == "apt-get");
    CHECK(commands[1].line == 3);
    CHECK(commands[1].words[1] == "a && b");
    CHECK(commands[1].has(">"));
    CHECK(commands[2].joined_by == "|");
    CHECK(commands[2].words.back() == "x y");
    CHECK(commands[3].words.front() == "v=$(date; true)");
  }
}
