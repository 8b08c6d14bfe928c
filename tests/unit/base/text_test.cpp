#include "unit/doctest_result.hpp"

#include "base/digest.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

using namespace dtenv;

TEST_SUITE("text") {
  TEST_CASE("integers are strict decimals") {
    CHECK(parse_integer("22", 1, 65535) == 22);
    for (const char* bad : {"", "0", "65536", "+22", " 22", "22 ", "0x16", "22.0", "4294967318"})
      CHECK_MESSAGE(!parse_integer(bad, 1, 65535), bad);
  }

  TEST_CASE("base64 goes there and back and refuses junk") {
    for (const std::string bytes : {std::string(), std::string("a"), std::string("ab"),
                                    std::string("abc"), std::string("\0\xff\x80z", 4)})
      CHECK(base64_decode(base64(bytes)) == bytes);
    for (const char* bad : {"a", "ab=c", "ab==cd==", "a===", "YR==", "Y Q="})
      CHECK_MESSAGE(!base64_decode(bad), bad);
  }

  TEST_CASE("messages never carry control bytes") {
    CHECK(visible("a\x1b[2J\n\xff") == "a\\x1b[2J\\x0a\\xff");
    CHECK(visible("dépôt") == "dépôt");
  }

  TEST_CASE("near names are suggested and far ones are not") {
    CHECK(nearest("slot", {"slots", "port"}) == "slots");
    CHECK(nearest("registry-mirrors", {"registry_mirrors", "runtimes"}) == "registry_mirrors");
    CHECK(!nearest("xyz", {"slots", "port"}));
  }

  TEST_CASE("lines and columns count from one") {
    CHECK(line_and_column("ab\ncd", 4) == std::pair(2, 2));
    CHECK(line_and_column("", 0) == std::pair(1, 1));
  }
}

TEST_SUITE("units") {
  TEST_CASE("sizes follow docker's grammar") {
    CHECK(*parse_size("16gb") == 17179869184);
    CHECK(*parse_size("1.5g") == 1610612736);
    CHECK(*parse_size("16 GiB") == 17179869184);
    CHECK(*parse_size("512") == 512);
    for (const char* bad : {"", "gb", "-5", "16xb", "1e3", "1.", "16  gb", "99999999999g", "16gbb"})
      CHECK_MESSAGE(!parse_size(bad), bad);
  }

  TEST_CASE("times need a unit and add up") {
    CHECK(parse_duration("1h30m")->count() == 5'400'000);
    CHECK(parse_duration("250ms")->count() == 250);
    for (const char* bad : {"", "30", "s", "1x", "-1s", "400d"})
      CHECK_MESSAGE(!parse_duration(bad), bad);
  }

  TEST_CASE("are shown for people") {
    CHECK(show_size(1932735283) == "1.8 GiB");
    CHECK(show_duration(Duration(90'000)) == "1 min 30 s");
  }
}

TEST_SUITE("digest") {
  TEST_CASE("SHA-256 in pieces is SHA-256 in one") {
    Sha256 pieces;
    pieces.update("a");
    pieces.update("bc");
    CHECK(pieces.finish() == sha256("abc"));
    CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}

TEST_SUITE("Secret") {
  TEST_CASE("a moved-from secret is empty") {
    Secret first(std::string("a token that is longer than any small string"));
    const Secret second = std::move(first);
    CHECK(first.empty());
    CHECK(second.reveal().size() == 44);
  }
}
