#include "unit/doctest_result.hpp"

#include <algorithm>

#include "base/json_reader.hpp"

using namespace dtenv;

namespace {

Error error_of(std::string_view text, JsonSyntax syntax = {}) {
  const auto parsed = parse_json(text, "the file", syntax);
  return parsed ? Error(Status::ok, "parsed") : parsed.error();
}

}  // namespace

TEST_SUITE("JsonTree") {
  TEST_CASE("keeps where each value stands and a number as it is written") {
    const std::string text = "{ \"a\": 1e400, \"b\": [true, \"x\\u00e9\"] }";
    const auto root = parse_json(text, "t");
    REQUIRE(root);
    const JsonNode& number = root->find("a")->value;
    CHECK(text.substr(number.begin, number.end - number.begin) == "1e400");
    CHECK(root->find("b")->value.items[1].text == "xé");
  }

  TEST_CASE("says line and column of what is wrong") {
    const Error error = error_of("{\n  \"a\": 1,\n  \"b\" 2\n}");
    CHECK(error.status == Status::config);
    REQUIRE(error.detail.size() == 1);
    CHECK(error.detail[0].line == 3);
    CHECK(error.detail[0].column == 7);
  }

  TEST_CASE("refuses what other parsers take silently") {
    for (const char* text :
         {"{\"a\":1,\"a\":2}", "{\"a\":1}x", "{\"a\":01}", "[1,]", "", "// c\n{}", "{\"a\":NaN}",
          "{'a':1}", "[\"\\ud800\"]", "[\"a\nb\"]", "{\"a\":\"\xff\"}", "[1 2]", "[\"abc]",
          "{\"a\":+1}", "[.5]", "[1.]", "\xEF\xBB\xBF{}"})
      CHECK_MESSAGE(error_of(text).status == Status::config, text);
  }

  TEST_CASE("comments and trailing commas are for documents of people") {
    const JsonSyntax relaxed{.comments = true, .trailing_commas = true};
    CHECK(error_of("{ /* x */ \"a\": [1,], // y\n}", relaxed).status == Status::ok);
    CHECK(error_of("[,]", relaxed).status == Status::config);
  }

  TEST_CASE("a million brackets are an error, not a crash") {
    CHECK(error_of(std::string(1'000'000, '[')).message.find("deep") != std::string::npos);
  }
}

TEST_SUITE("JsonReader") {
  TEST_CASE("collects every problem with pointer, place and hint") {
    const std::string text = "{\n \"name\": 3,\n \"portt\": 22,\n \"size\": \"16xb\"\n}";
    const auto root = parse_json(text, "t");
    JsonReader reader(*root, text);
    CHECK(!reader.string("name"));
    CHECK(!reader.integer("port", 1, 65535));
    CHECK(!reader.size("size"));
    reader.finish();
    const auto result = reader.result("the node");
    REQUIRE(!result);
    REQUIRE(result.error().detail.size() == 3);
    CHECK(result.error().detail[1].pointer == "/portt");
    CHECK(result.error().detail[1].line == 3);
    CHECK(result.error().detail[1].hint == "did you mean \"port\"?");
  }

  TEST_CASE("reads nested objects with their pointers") {
    const std::string text = R"({"nodes":[{"name":"a"},{"nam":"b"}],"env":{"A":"1","B":"2"}})";
    const auto root = parse_json(text, "t");
    JsonReader reader(*root, text);
    auto nodes = reader.objects("nodes");
    REQUIRE(nodes.size() == 2);
    CHECK(nodes[0].required_string("name") == "a");
    CHECK(nodes[1].required_string("name").empty());
    for (auto& node : nodes) node.finish();
    CHECK(reader.string_map("env").size() == 2);
    reader.finish();
    const auto& problems = reader.problems();
    CHECK(std::any_of(problems.begin(), problems.end(),
                      [](const Problem& p) { return p.pointer == "/nodes/1/nam"; }));
  }
}
