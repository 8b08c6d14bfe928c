#include "formats/apt_source.hpp"

#include "base/text.hpp"
#include "doctest/doctest.h"
#include "formats/os_release.hpp"

using namespace dtenv;

TEST_SUITE("os-release") {
  TEST_CASE("Ubuntu's derivatives take Ubuntu's suite") {
    const auto mint = parse_os_release(
        "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_CODENAME=virginia\n"
        "UBUNTU_CODENAME=jammy\n");
    CHECK(mint.family() == "ubuntu");
    CHECK(mint.suite() == "jammy");
  }

  TEST_CASE("Debian has its own, quotes and comments are understood") {
    const auto debian = parse_os_release(
        "# a comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
        "VERSION_ID='12'\nVERSION_CODENAME=bookworm\n");
    CHECK(debian.family() == "debian");
    CHECK(debian.version_id == "12");
    CHECK(debian.suite() == "bookworm");
    CHECK(debian.pretty_name == "Debian GNU/Linux 12 (bookworm)");
    CHECK_FALSE(parse_os_release("ID=rocky\nID_LIKE=\"rhel fedora\"\n").is_debian_family());
  }
}

TEST_SUITE("apt sources") {
  const std::string docker =
      "Types: deb\nURIs: https://download.docker.com/linux/ubuntu\nSuites: noble\n"
      "Components: stable\nArchitectures: amd64\nSigned-By: /etc/apt/keyrings/docker.asc\n";

  TEST_CASE("a stanza is rendered as it was parsed") {
    const auto parsed = parse_apt_deb822("# by hand\n" + docker, "docker.sources");
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->size() == 1);
    CHECK(parsed->front().line == 2);
    CHECK(render_apt_deb822(parsed->front()) == docker);
  }

  TEST_CASE("several stanzas, continuation lines and a disabled one are read") {
    const auto parsed = parse_apt_deb822(
        "Types: deb deb-src\nURIs: http://a.example.com\nSuites: s\nSigned-By:\n -----BEGIN\n .\n"
        " abc\n\nEnabled: no\nTypes: deb\nURIs: http://b.example.com\nSuites: /\n",
        "x.sources");
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->size() == 2);
    CHECK(parsed->at(0).types.size() == 2);
    CHECK(contains(parsed->at(0).signed_by, "abc"));
    CHECK_FALSE(parsed->at(1).enabled);
    CHECK(parsed->at(1).components.empty());
  }

  TEST_CASE("what apt would refuse is an error with its line") {
    const auto parsed = parse_apt_deb822("\nTypes: deb\nURIs: http://a\n", "x.sources");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().detail.front().line == 2);
    CHECK_FALSE(parse_apt_one_line("rpm http://a b\n", "x.list").has_value());
    CHECK_FALSE(parse_apt_one_line("deb [arch=amd64 http://a b\n", "x.list").has_value());
  }

  TEST_CASE("a one-line entry is read with its options") {
    const auto parsed = parse_apt_one_line(
        "# deb http://off.example.com x main\n"
        "deb [arch=amd64,arm64 signed-by=/k.gpg trusted=yes] http://a.example.com/d jammy main u # "
        "x\n",
        "x.list");
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->size() == 1);
    const auto& source = parsed->front();
    CHECK(source.architectures.size() == 2);
    CHECK(source.signed_by == "/k.gpg");
    CHECK(source.components == std::vector<std::string>{"main", "u"});
    CHECK(source.options.size() == 1);
  }

  TEST_CASE("the same repository is found whichever way it is written") {
    const auto wanted = parse_apt_deb822(docker, "own").value().front();
    const std::vector<AptFile> files = {
        {"/etc/apt/sources.list.d/old.list",
         "# by hand\ndeb [arch=amd64] https://download.docker.com/linux/ubuntu/ noble stable\n"
         "deb https://download.docker.com/linux/ubuntu jammy stable\n"},
        {"/etc/apt/sources.list.d/test.list",
         "deb [signed-by=/k.gpg] https://download.docker.com/linux/ubuntu noble test\n"},
        {"/etc/apt/sources.list.d/off.sources",
         "Enabled: no\nTypes: deb\nURIs: https://download.docker.com/linux/ubuntu\n"
         "Suites: noble\nComponents: stable\n"},
        {"/etc/apt/sources.list.d/docker.sources",
         "Types: deb\nURIs: https://download.docker.com/linux/ubuntu\n"
         "Suites: noble\nSigned-By: /other\n"},
        {"/etc/apt/sources.list.d/broken.list", "nonsense\n"}};
    const auto found =
        find_same_repository(files, wanted, "/etc/apt/sources.list.d/docker.sources");
    REQUIRE(found.size() == 2);
    CHECK(found[0].path == "/etc/apt/sources.list.d/old.list");
    CHECK(found[0].line == 2);
    CHECK(found[0].signed_by.empty());
    CHECK(found[0].serves);
    CHECK(found[1].signed_by == "/k.gpg");
    CHECK_FALSE(found[1].serves);
  }

  TEST_CASE("$(ARCH) in an address is the architecture") {
    AptSource wanted;
    wanted.uris = {"https://nvidia.github.io/libnvidia-container/stable/deb/amd64"};
    wanted.suites = {"/"};
    wanted.architectures = {"amd64"};
    const std::vector<AptFile> files = {
        {"/x.list", "deb https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /\n"}};
    CHECK(find_same_repository(files, wanted, "/own").size() == 1);
  }

  TEST_CASE("Signed-By comes to fingerprints by path, by itself and by an embedded key") {
    const std::string print = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";
    const Keyrings keyrings = {{"/k.gpg", {print}}};
    CHECK(signed_by_fingerprints("/other.gpg,/k.gpg", keyrings) == std::vector<std::string>{print});
    CHECK(signed_by_fingerprints("9dc858229fc7dd38854ae2d88d81803c0ebfcd88!", {}) ==
          std::vector<std::string>{print});
    CHECK(signed_by_fingerprints("", keyrings).empty());
    CHECK(signed_by_fingerprints("\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n nonsense\n", {})
              .empty());
    CHECK(signed_by_paths({{"/x.list",
                            "deb [signed-by=/a.gpg,/b.gpg] http://a s main\n"
                            "deb [signed-by=" +
                                print + "] http://b s main\n"}}) ==
          std::vector<std::string>{"/a.gpg", "/b.gpg"});
  }

  TEST_CASE("frozen entries are commented out, the others stay as they are") {
    CHECK(comment_out_entries("# x\ndeb [signed-by=/k] https://nvidia.github.io/nvidia-docker/u /\n"
                              "deb http://deb.example.com s main\n",
                              {"https://nvidia.github.io/nvidia-docker/"}) ==
          "# x\n# deb [signed-by=/k] https://nvidia.github.io/nvidia-docker/u /\n"
          "deb http://deb.example.com s main\n");
  }

  TEST_CASE("the archive's own address is the first main source of the suite") {
    const std::vector<AptFile> files = {
        {"/etc/apt/sources.list.d/docker.sources", docker},
        {"/etc/apt/sources.list",
         "deb-src http://src.example.com bookworm main\n"
         "deb http://deb.example.com/debian bookworm main contrib\n"}};
    CHECK(archive_uri(files, "bookworm") == "http://deb.example.com/debian");
    CHECK(archive_uri(files, "trixie").empty());
  }
}
