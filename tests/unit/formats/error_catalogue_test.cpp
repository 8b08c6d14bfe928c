#include "formats/error_catalogue.hpp"

#include <set>
#include <string>

#include "doctest/doctest.h"

using namespace dtenv;

namespace {

std::set<std::string> ids(std::string_view text) {
  std::set<std::string> out;
  for (const auto* error : explain(text)) out.emplace(error->id);
  return out;
}

using Ids = std::set<std::string>;

}  // namespace

TEST_SUITE("explain") {
  TEST_CASE("the catalogue has at least sixty errors, each with a cause and a repair") {
    Ids known;
    std::size_t entries = 0;
    for (const auto part : error_catalogue())
      for (const auto& error : part) {
        ++entries;
        known.emplace(error.id);
        CHECK_FALSE(error.all[0].empty());
        CHECK_FALSE(error.cause.empty());
        CHECK_FALSE(error.repair.empty());
      }
    CHECK(entries >= 120);
    CHECK(known.size() >= 60);
  }

  TEST_CASE("texts of ssh and the launchers have their causes") {
    CHECK(ids("Host key verification failed.\r\n") == Ids{"SSH_HOSTKEY_UNKNOWN"});
    CHECK(ids("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification "
              "failed.") == Ids{"SSH_HOSTKEY_CHANGED"});
    CHECK(ids("root@10.0.0.2: Permission denied (publickey,password).") == Ids{"SSH_AUTH"});
    CHECK(ids("ssh: connect to host 10.0.0.2 port 6001: Connection refused") ==
          Ids{"SSH_PORT_CLOSED"});
    CHECK(ids("bash: line 1: orted: command not found") == Ids{"ENV_SSH_PATH"});
    CHECK(ids("There are not enough slots available in the system") == Ids{"SLOTS_SHORT"});
    CHECK(ids("NCCL WARN Call to posix_fallocate failed : No space left on device") ==
          Ids{"SHM_SMALL", "NO_SPACE"});
    CHECK(ids("failed (exitcode: -9) local_rank: 0") == Ids{"OOM_HOST"});
  }

  TEST_CASE("texts of the driver have their causes") {
    CHECK(ids("Failed to initialize NVML: Driver/library version mismatch") == Ids{"DRV_MISMATCH"});
    CHECK(ids("Failed to initialize NVML: Unknown Error") == Ids{"RT_CGROUP_LOST"});
    CHECK(ids("modprobe: ERROR: could not insert 'nvidia': Key was rejected by service") ==
          Ids{"DRV_SECURE_BOOT"});
    CHECK(ids("W: GPG error: NO_PUBKEY A4B469963BF863CC") == Ids{"APT_KEY_MISSING"});
  }

  TEST_CASE("texts of the engine have their causes") {
    CHECK(ids("could not select device driver \"\" with capabilities: [[gpu]]") ==
          Ids{"RT_MISSING"});
    CHECK(ids("Unknown runtime specified nvidia") == Ids{"RT_UNKNOWN"});
    CHECK(ids("Bind for 0.0.0.0:80 failed: port is already allocated") == Ids{"PORT_CONFLICT"});
    CHECK(
        ids("manifest for nvidia/cuda:10.2-devel not found: manifest unknown: manifest unknown") ==
        Ids{"IMAGE_TAG_GONE"});
    CHECK(ids("unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid "
              "character '\"' after object key:value pair") == Ids{"CFG_SYNTAX"});
  }

  TEST_CASE("a text without an error matches nothing, and no id comes twice") {
    CHECK(ids("").empty());
    CHECK(ids("step 12 loss 0.53").empty());
    CHECK(explain("orted: command not found\nAn ORTE daemon has unexpectedly failed").size() == 1);
  }
}
