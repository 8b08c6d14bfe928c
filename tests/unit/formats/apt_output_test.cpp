#include "formats/apt_output.hpp"

#include "base/text.hpp"
#include "doctest/doctest.h"

using namespace dtenv;

namespace {

std::string cause_of(std::string_view out, std::string_view err) {
  const Error error = package_error("apt-get install x", out, err, 100);
  return error.detail.empty() ? "" : error.detail.front().problem;
}

}  // namespace

TEST_SUITE("apt's words") {
  TEST_CASE("the line that counts is told, not the general one after it") {
    CHECK(package_words("",
                        "W: GPG error: http://r s InRelease: The following signatures couldn't be "
                        "verified because the public key is not available: NO_PUBKEY 0EBFCD88\n"
                        "E: The repository 'http://r s InRelease' is not signed.\n") ==
          "W: GPG error: http://r s InRelease: The following signatures couldn't be verified "
          "because the public key is not available: NO_PUBKEY 0EBFCD88");
    CHECK(package_words("", "W: something else\nE: The repository 'http://r s' is not signed.\n") ==
          "E: The repository 'http://r s' is not signed.");
    CHECK(package_words("",
                        "E: Failed to fetch http://r/x.deb  404  Not Found [IP: 1.2.3.4 80]\n"
                        "E: Unable to fetch some archives, maybe run apt-get update\n") ==
          "E: Failed to fetch http://r/x.deb  404  Not Found [IP: 1.2.3.4 80]");
    CHECK(package_words("",
                        "dpkg: error processing package x (--configure):\n"
                        " installed x package post-installation script returned error 1\n"
                        "E: Sub-process /usr/bin/dpkg returned an error code (1)\n") ==
          "dpkg: error processing package x (--configure): installed x package post-installation "
          "script returned error 1");
  }

  TEST_CASE("unmet dependencies are told one by one") {
    const std::string_view out =
        "Some packages could not be installed.\nThe following packages have unmet dependencies:\n"
        " docker-ce : Depends: containerd.io (>= 1.6.24) but it is not installable\n"
        "             Depends: iptables but it is not installable\n";
    const std::string words =
        package_words(out, "E: Unable to correct problems, you have held broken packages.\n");
    CHECK(
        contains(words, "containerd.io (>= 1.6.24) but it is not installable; Depends: iptables"));
    CHECK(contains(cause_of(out, ""), "needs another one"));
  }

  TEST_CASE("every failure an administrator meets has its cause") {
    for (const std::string_view err :
         {"E: The repository 'http://r/debian nosuch Release' does not have a Release file.",
          "E: Failed to fetch http://r/Packages.gz  Hash Sum mismatch",
          "E: Release file for http://r/InRelease is expired (invalid since 3d 2h).",
          "E: Release file for http://r/InRelease is not valid yet (invalid for another 2h).",
          "E: Failed to fetch http://r/x.deb  404  Not Found", "E: Unable to locate package x",
          "W: GPG error: http://r s InRelease: NO_PUBKEY 7EA0A9C3F273FCD8",
          "W: An error occurred: The following signatures were invalid: BADSIG 7EA0A9C3F273FCD8",
          "E: Conflicting values set for option Signed-By regarding source http://r s: a != b",
          "E: Package 'x' has no installation candidate",
          "E: Failed to fetch http://r/x  Temporary failure resolving 'r'",
          "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)",
          "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'",
          "E: You don't have enough free space in /var/cache/apt/archives/.",
          "Error: Unable to find a match: docker-ce"})
      CHECK_MESSAGE(!cause_of("", err).empty(), err);
  }

  TEST_CASE("a warning that its source is unfit spoils an update, one of the future does not") {
    CHECK(is_update_clean("W: http://r/InRelease: Policy will reject signature within a year\n"));
    CHECK_FALSE(is_update_clean("W: Failed to fetch http://r/InRelease  NO_PUBKEY 0EBFCD88\n"));
    CHECK_FALSE(is_update_clean("E: nonsense\n"));
  }

  TEST_CASE("a lock and who holds it are read") {
    CHECK(
        held_lock("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 "
                  "(unattended-upgr)\nN: Be aware that removing the lock file is no solution\n") ==
        "/var/lib/dpkg/lock-frontend, held by process 1234 (unattended-upgr)");
    CHECK(held_lock("Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is "
                    "held by process 7 (apt)...\n") ==
          "/var/lib/dpkg/lock-frontend, held by process 7 (apt)");
    CHECK(
        held_lock("E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily "
                  "unavailable)\n") == "/var/lib/apt/lists/lock, held by another process");
    CHECK(held_lock("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is "
                    "another process using it?\n") ==
          "/var/lib/dpkg/lock-frontend, held by another process");
    CHECK(held_lock("E: Unable to locate package x\n").empty());
  }

  TEST_CASE("what a simulation would take away is read") {
    CHECK(simulated_removals("Remv docker.io [20.10]\nInst docker-ce (5:27 repo [amd64])\n") ==
          std::vector<std::string>{"docker.io"});
  }
}
