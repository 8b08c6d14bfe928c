#include "formats/managed_block.hpp"

#include "base/text.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

std::string with(std::string_view text, std::string_view content,
                 BlockPlace place = BlockPlace::last) {
  const auto result = with_block(text, "glm", content, place);
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_SUITE("managed block") {
  TEST_CASE("foreign bytes stay, and taking the block away gives the file back") {
    for (const std::string foreign :
         {"", "a\n", "a", "a\r\nb\r\n", "\xEF\xBB\xBFline\n", "\xff\xfe junk \x01\n", "\n\n",
          "# dtenv:other begin sha256=x\n"}) {
      for (const auto place : {BlockPlace::first, BlockPlace::last}) {
        CAPTURE(foreign);
        const std::string once = with(foreign, "ours\n", place);
        CHECK(once.find(foreign) != std::string::npos);
        CHECK(once.find("ours\n# dtenv:glm end\n") != std::string::npos);
        CHECK(with(once, "ours\n", place) == once);
        CHECK(*without_block(once, "glm") == foreign);
        CHECK(*without_block(with(once, "more\nlines\n", place), "glm") == foreign);
      }
    }
  }

  TEST_CASE("a last line without its end is not joined") {
    CHECK(with("ssh-rsa AAAA", "ours\n").substr(0, 13) == "ssh-rsa AAAA\n");
  }

  TEST_CASE("lines added behind the block stay there") {
    const std::string text = with("a", "one\n") + "b\n";
    CHECK(*without_block(with(text, "two\n"), "glm") == "a\nb\n");
  }

  TEST_CASE("the first place is kept first") {
    const std::string text = "Host x\n" + with("Host y\n", "ours\n", BlockPlace::first);
    CHECK(with(text, "ours\n", BlockPlace::first).rfind("# dtenv:glm begin", 0) == 0);
  }

  TEST_CASE("where there was no file, the block keeps that in mind") {
    for (const BlockPlace place : {BlockPlace::first, BlockPlace::last}) {
      const auto made = with_block("", "glm", "ours\n", place, true);
      REQUIRE(made);
      CHECK(block_made_file(*made, "glm"));
      const auto again = with_block(*made, "glm", "new\n", place);
      REQUIRE(again);
      CHECK(block_made_file(*again, "glm"));
      CHECK(without_block(*again, "glm").value() == "");
      CHECK_FALSE(block_made_file(with("", "ours\n", place), "glm"));
    }
  }

  TEST_CASE("an editor's CRLF is no edit") {
    std::string text = with("a\n", "ours\n");
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
      text.replace(at, 1, "\r\n");
    CHECK(without_block(text, "glm"));
  }

  TEST_CASE("a hollow text is as good as the whole, for what is to be written") {
    const std::string text = with("a", "ours\n") + "behind\n";
    const ManagedText hollow = hollow_block(text, "glm");
    REQUIRE(hollow.hollow);
    CHECK(hollow.text.find("ours") == std::string::npos);
    CHECK(fill_block(hollow.text, "glm", "ours\n") == text);
    const auto again = with_hollow_block(hollow, "glm", block_checksum("ours\n"), BlockPlace::last);
    REQUIRE(again);
    CHECK(*again == hollow.text);
    const auto other = with_hollow_block(hollow, "glm", block_checksum("new\n"), BlockPlace::last);
    REQUIRE(other);
    CHECK(fill_block(*other, "glm", "new\n") ==
          *with_block(text, "glm", "new\n", BlockPlace::last));
    const auto first = with_hollow_block(hollow, "glm", block_checksum("new\n"), BlockPlace::first);
    REQUIRE(first);
    CHECK(fill_block(*first, "glm", "new\n") ==
          *with_block(text, "glm", "new\n", BlockPlace::first));
  }

  TEST_CASE("what is not our block as we wrote it is not left out") {
    const std::string text = with("a\n", "ours\n");
    const std::string edited = replace_all(text, "ours", "evil");
    for (const std::string& other :
         {std::string("a\n"), edited, text + text, replace_all(text, "ours\n", "ours\r\n")}) {
      const ManagedText seen = hollow_block(other, "glm");
      CHECK_FALSE(seen.hollow);
      CHECK(seen.text == other);
    }
  }

  TEST_CASE("a block that was edited, doubled or cut is not overwritten") {
    const std::string text = with("a\n", "ours\n");
    std::string edited = text;
    edited.replace(edited.find("ours"), 4, "evil");
    for (const std::string& bad : {edited, text + text, text.substr(0, text.size() - 16),
                                   std::string("# dtenv:glm end\n")}) {
      const auto result = with_block(bad, "glm", "new\n", BlockPlace::last);
      REQUIRE_FALSE(result);
      CHECK(result.error().status == Status::config);
      CHECK(result.error().detail.at(0).line > 0);
      CHECK_FALSE(without_block(bad, "glm"));
    }
    CHECK_FALSE(with_block("", "a b", "x\n", BlockPlace::last));
    CHECK_FALSE(with_block("", "", "x\n", BlockPlace::last));
  }
}
