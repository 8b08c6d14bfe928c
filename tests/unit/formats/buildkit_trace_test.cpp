#include "formats/buildkit_trace.hpp"

#include "base/text.hpp"
#include "doctest/doctest.h"

using namespace dtenv;

namespace {

std::string bytes_field(int number, std::string_view bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  out += static_cast<char>(bytes.size());
  return out + std::string(bytes);
}

std::string number_field(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

}  // namespace

TEST_SUITE("BuildKit trace") {
  TEST_CASE("vertices, logs, statuses and warnings are read; other fields are passed over") {
    const std::string vertex = bytes_field(1, "sha256:a") + bytes_field(2, "sha256:input") +
                               bytes_field(3, "[2/3] RUN false") + number_field(4, 1) +
                               bytes_field(5, number_field(1, 7)) + bytes_field(7, "exit code: 1");
    const std::string log =
        bytes_field(1, "sha256:a") + number_field(3, 2) + bytes_field(4, "no\n");
    const std::string status = bytes_field(1, "layer") + number_field(4, 10) + number_field(5, 100);
    const auto trace =
        parse_buildkit_trace(bytes_field(1, vertex) + bytes_field(2, status) + bytes_field(3, log) +
                             bytes_field(4, bytes_field(3, "old form")) + number_field(9, 3));
    REQUIRE(trace.has_value());
    REQUIRE(trace->vertices.size() == 1);
    CHECK(trace->vertices[0].name == "[2/3] RUN false");
    CHECK(trace->vertices[0].cached);
    CHECK(trace->vertices[0].started);
    CHECK_FALSE(trace->vertices[0].completed);
    CHECK(trace->vertices[0].error == "exit code: 1");
    REQUIRE(trace->logs.size() == 1);
    CHECK(trace->logs[0].stream == 2);
    CHECK(trace->logs[0].text == "no\n");
    CHECK(trace->statuses.at(0).total == 100);
    CHECK(trace->warnings.at(0) == "old form");
  }

  TEST_CASE("a cut or foreign message is an error, an empty one is nothing") {
    const auto whole = bytes_field(1, bytes_field(3, "[1/1] FROM base"));
    for (std::size_t size = 1; size < whole.size(); ++size)
      CHECK_FALSE(parse_buildkit_trace(whole.substr(0, size)).has_value());
    CHECK_FALSE(parse_buildkit_trace("\x0b").has_value());
    CHECK(parse_buildkit_trace("")->vertices.empty());
  }
}
