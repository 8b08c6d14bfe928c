#include "formats/deb_file.hpp"

#include "base/text.hpp"
#include "doctest/doctest.h"

using namespace dtenv;

TEST_SUITE("Debian versions") {
  TEST_CASE("they compare as dpkg compares them") {
    const char* const ascending[] = {"1.0~rc1",
                                     "1.0",
                                     "1.0-1",
                                     "1.0-1+b1",
                                     "1.0a",
                                     "1.0+dfsg1",
                                     "1.9",
                                     "1.10",
                                     "2.0",
                                     "1:0.1",
                                     "5:24.0.7-1~debian.12~bookworm",
                                     "5:27.0.3-1~debian.12~bookworm"};
    for (std::size_t i = 0; i < std::size(ascending); ++i)
      for (std::size_t j = 0; j < std::size(ascending); ++j) {
        const int order = compare_deb_versions(ascending[i], ascending[j]);
        CHECK_MESSAGE((order > 0) == (i > j), ascending[i] << " " << ascending[j]);
        CHECK_MESSAGE((order == 0) == (i == j), ascending[i] << " " << ascending[j]);
      }
    CHECK(compare_deb_versions("1.0", "0:1.0") == 0);
    CHECK(compare_deb_versions("1.007", "1.7") == 0);
  }
}

TEST_SUITE("a folder of packages") {
  const std::vector<DebFile> folder = {
      {"/d/docker-ce_1.deb", "docker-ce", "5:26", "amd64",
       "containerd.io (>= 1.6), libc6 (>= 2.34)"},
      {"/d/docker-ce_2.deb", "docker-ce", "5:27", "amd64",
       "containerd.io (>= 1.6), libc6 (>= 2.34), iptables | nftables, dbus"},
      {"/d/docker-ce_arm.deb", "docker-ce", "5:28", "arm64", ""},
      {"/d/containerd.deb", "containerd.io", "1.7", "amd64", "libseccomp2 (>= 2.5.0)"},
      {"/d/seccomp.deb", "libseccomp2", "2.5.4", "amd64", ""},
      {"/d/libc.deb", "libc6", "2.40", "amd64", ""},
      {"/d/nft.deb", "nftables", "1.0", "all", ""}};

  std::string chosen(const std::map<std::string, std::string>& installed) {
    const auto files = choose_debs(folder, {"docker-ce"}, "amd64", installed);
    REQUIRE(files.has_value());
    std::vector<std::string> paths;
    for (const auto& file : *files) paths.push_back(file.path);
    return join(paths, " ");
  }

  TEST_CASE("the newest for this architecture, and what of the folder it needs") {
    CHECK(chosen({{"libc6", "2.36"}}) ==
          "/d/docker-ce_2.deb /d/containerd.deb /d/seccomp.deb /d/nft.deb");
  }

  TEST_CASE("what is installed in a version that will do is left alone") {
    CHECK(chosen({{"libc6", "2.36"}, {"iptables", "1.8"}, {"libseccomp2", "2.5.4"}}) ==
          "/d/docker-ce_2.deb /d/containerd.deb");
    CHECK(contains(chosen({{"libc6", "2.31"}}), "/d/libc.deb"));
  }

  TEST_CASE("a package that is not there is told") {
    const auto files = choose_debs(folder, {"docker-ce", "docker-ce-cli"}, "amd64", {});
    REQUIRE_FALSE(files.has_value());
    CHECK(contains(files.error().message, "docker-ce-cli for amd64"));
  }
}
