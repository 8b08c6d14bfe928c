#include "base/text.hpp"
#include "doctest/doctest.h"
#include "formats/dkms_status.hpp"
#include "formats/dpkg_rows.hpp"
#include "formats/driver_version.hpp"
#include "formats/modinfo.hpp"
#include "formats/nvidia_kernel_log.hpp"
#include "formats/proc_version.hpp"
#include "formats/ubuntu_drivers.hpp"

using namespace dtenv;

TEST_SUITE("driver sources") {
  TEST_CASE("the proprietary module's line gives version, arch and date") {
    const auto found = parse_proc_version(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  520.56.06  Thu Oct  6 21:38:55 UTC 2022\n"
        "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14) \n");
    REQUIRE(found);
    CHECK(found->version == "520.56.06");
    CHECK(found->arch == "x86_64");
    CHECK_FALSE(found->open);
    CHECK(found->build_user.empty());
  }

  TEST_CASE("a version of two parts and an old arch are read") {
    const auto two = parse_proc_version(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  384.81  Wed Aug 17 22:24:07 PDT 2016");
    REQUIRE(two);
    CHECK(two->version == "384.81");
    const auto old =
        parse_proc_version("NVRM version: NVIDIA UNIX x86 Kernel Module  169.12  Thu Feb 14 2008");
    REQUIRE(old);
    CHECK(old->arch == "x86");
  }

  TEST_CASE("the open module's line may lack its date and name its builder") {
    const auto open = parse_proc_version(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  555.58.02  Release Build  "
        "(dvs-builder@U16-I3-B03-4-3)  Tue Jun 25 01:26:03 UTC 2024\n");
    REQUIRE(open);
    CHECK(open->open);
    CHECK(open->version == "555.58.02");
    CHECK(open->build_user == "dvs-builder@U16-I3-B03-4-3");
    CHECK(open->date == "Tue Jun 25 01:26:03 UTC 2024");
    const auto jetson = parse_proc_version(
        "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build  "
        "(buildbrain@mobile)\nGCC version:  collect2: error: ld returned 1 exit status\n");
    REQUIRE(jetson);
    CHECK(jetson->arch == "aarch64");
    CHECK(jetson->date.empty());
  }

  TEST_CASE("what is no such line is nothing") {
    CHECK_FALSE(parse_proc_version(""));
    CHECK_FALSE(parse_proc_version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  none  x"));
    CHECK_FALSE(parse_proc_version("cat: /proc/driver/nvidia/version: No such file"));
  }

  TEST_CASE("dpkg rows tell installed, removed and unfinished apart") {
    const auto rows = parse_dpkg_rows(
        "ii \tnvidia-driver-535\t535.247.01-0ubuntu1\tamd64\n"
        "rc \tnvidia-dkms-390\t390.138-0\tamd64\n"
        "iU \tnvidia-driver-396\t396.54-0\tamd64\n"
        "iF \tnvidia-dkms-550\t550.120-0\tamd64\n"
        "un \tnvidia-driver-460\t\t\n"
        "hi \tnvidia-dkms-580\t580.1-0\tamd64\n");
    REQUIRE(rows.size() == 6);
    CHECK(rows[0].installed());
    CHECK_FALSE(rows[1].installed());
    CHECK(rows[2].unfinished());
    CHECK(rows[3].unfinished());
    CHECK_FALSE(rows[4].installed());
    CHECK(rows[5].installed());
    CHECK(rows[5].held());
  }

  TEST_CASE("the columns of dpkg -l are understood, its header is not a row") {
    const auto rows = parse_dpkg_rows(
        "Desired=Unknown/Install/Remove/Purge/Hold\n"
        "||/ Name           Version      Architecture Description\n"
        "+++-==============-============-============-=====\n"
        "ii  nvidia-dkms-550:amd64          550.120-0ubuntu0.22.04 amd64  NVIDIA DKMS package\n"
        "un  nvidia-driver-460              <none>                 <none> (no description)\n");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].package == "nvidia-dkms-550");
    CHECK(rows[0].architecture == "amd64");
    CHECK(rows[1].version.empty());
  }

  TEST_CASE("a package's branch, flavour and upstream version are read from its name and version") {
    CHECK(driver_branch("nvidia-driver-550-server-open") == 550);
    CHECK_FALSE(driver_branch("nvidia-kernel-dkms"));
    CHECK(is_open_package("nvidia-driver-550-open"));
    CHECK_FALSE(is_open_package("nvidia-driver-550"));
    CHECK(upstream_version("1:550.120-0ubuntu0.22.04") == "550.120");
  }

  TEST_CASE("dkms status is read in both of its grammars") {
    const auto rows = parse_dkms_status(
        "nvidia/580.119.02, 6.6.155-amd64, x86_64: installed\n"
        "nvidia, 470.86, 5.4.0-91-generic, x86_64: installed (WARNING! Diff between built and "
        "installed module!) (original_module exists)\n"
        "nvidia/550.54.14: added\n"
        "Deprecated feature: REMAKE_INITRD (/var/lib/dkms/nvidia/550/source/dkms.conf)\n");
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].version == "580.119.02");
    CHECK(rows[0].kernel == "6.6.155-amd64");
    CHECK(rows[1].module == "nvidia");
    CHECK(rows[1].kernel == "5.4.0-91-generic");
    CHECK(contains(rows[1].warning, "Diff between"));
    CHECK(rows[2].state == "added");
    CHECK(rows[2].kernel.empty());
  }

  TEST_CASE("modinfo tells flavour, kernel and absence") {
    const auto open = parse_modinfo(
        "filename:       /lib/modules/6.8.0-45-generic/updates/dkms/nvidia.ko.zst\n"
        "version:        550.54.14\nlicense:        Dual MIT/GPL\nsigner:         Me\n"
        "vermagic:       6.8.0-45-generic SMP preempt mod_unload modversions \n");
    CHECK(open.found);
    CHECK(open.open());
    CHECK(open.kernel == "6.8.0-45-generic");
    const auto none = parse_modinfo("modinfo: ERROR: Module nvidia not found.\n");
    CHECK_FALSE(none.found);
    CHECK(none.not_found);
  }

  TEST_CASE("ubuntu-drivers' devices are read among other devices and noise") {
    const auto devices = parse_ubuntu_drivers(
        "ERROR:root:aplay command not found\n"
        "== cpu-microcode.py ==\ndriver   : intel-microcode - distro non-free\n\n"
        "== /sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0 ==\n"
        "modalias : pci:v000010DEd00001E07sv00001462sd00003711bc03sc00i00\n"
        "vendor   : NVIDIA Corporation\n"
        "model    : TU102 [GeForce RTX 2080 Ti Rev. A]\n"
        "driver   : nvidia-driver-470-server - distro non-free\n"
        "driver   : nvidia-driver-515 - distro non-free recommended\n"
        "driver   : xserver-xorg-video-nouveau - distro free builtin\n\n");
    REQUIRE(devices.size() == 2);
    CHECK_FALSE(devices[0].is_nvidia());
    CHECK(devices[1].is_nvidia());
    CHECK(devices[1].drivers.size() == 3);
    CHECK(devices[1].drivers[2].builtin);
    CHECK(recommended_driver(devices) == "nvidia-driver-515");
  }

  TEST_CASE("with several devices the package that all of them list is recommended") {
    const auto devices = parse_ubuntu_drivers(
        "== /sys/a ==\nvendor   : NVIDIA Corporation\n"
        "driver   : nvidia-driver-570 - distro non-free recommended\n"
        "driver   : nvidia-driver-535 - distro non-free\n\n"
        "== /sys/b ==\nvendor   : NVIDIA Corporation\n"
        "driver   : nvidia-driver-535 - distro non-free recommended\n\n");
    CHECK(recommended_driver(devices) == "nvidia-driver-535");
    CHECK(recommended_driver(parse_ubuntu_drivers("")).empty());
  }

  TEST_CASE("rows of ubuntu-drivers list are candidates") {
    const auto devices = parse_ubuntu_drivers(
        "nvidia-driver-535-server, (kernel modules provided by "
        "linux-modules-nvidia-535-server-generic)\n");
    REQUIRE(devices.size() == 1);
    CHECK(devices[0].drivers[0].package == "nvidia-driver-535-server");
    CHECK(devices[0].is_nvidia());
  }

  TEST_CASE("the kernel log gives Xids and the signs of a verdict") {
    const auto log = parse_nvidia_kernel_log(
        "[    5.1] NVRM: Xid (PCI:0000:04:00): 31, pid=1, name=python\n"
        "[    9.2] NVRM: Xid (PCI:0000:04:00): 79, GPU has fallen off the bus.\n"
        "[    9.3] NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:2901) installed in this system "
        "requires use of the NVIDIA open kernel modules.\n");
    CHECK(log.xids == std::vector<int>{31, 79});
    CHECK(contains(log.fatal_xid, "79"));
    CHECK_FALSE(log.needs_open.empty());
    CHECK(parse_nvidia_kernel_log("eth0: link up\n").empty());
  }
}
