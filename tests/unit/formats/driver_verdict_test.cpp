#include "formats/driver_verdict.hpp"

#include "doctest/doctest.h"

using namespace dtenv;

namespace {

const std::string v100 =
    "/sys/bus/pci/devices/0000:01:00.0/vendor:0x10de\n"
    "/sys/bus/pci/devices/0000:01:00.0/device:0x1db4\n"
    "/sys/bus/pci/devices/0000:01:00.0/class:0x030200\n";
const std::string b200 =
    "/sys/bus/pci/devices/0000:01:00.0/vendor:0x10de\n"
    "/sys/bus/pci/devices/0000:01:00.0/device:0x2901\n"
    "/sys/bus/pci/devices/0000:01:00.0/class:0x030200\n";
const std::string loaded_550 =
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n";
const std::string open_550 =
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build  (a@b)\n";
const SmiRun smi_fails{
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA "
    "driver.\n",
    "", 9};
const SmiRun smi_lists{"GPU 0: Tesla V100-SXM2-16GB (UUID: GPU-1)\n", "", 0};

DriverVerdict verdict(const DriverSources& sources, const DriverWish& wish = {}) {
  return driver_verdict(read_driver_facts(sources), wish);
}

bool runs(const DriverVerdict& found, std::string_view program, std::string_view word) {
  for (const auto& argv : found.repair) {
    if (argv.empty() || argv.front() != program) continue;
    for (const auto& other : argv)
      if (contains(other, word)) return true;
  }
  return false;
}

}  // namespace

TEST_SUITE("driver verdict") {
  TEST_CASE("a machine without an NVIDIA device has no GPU, whatever packages it has") {
    DriverSources sources;
    sources.pci = "/sys/bus/pci/devices/0000:00:02.0/vendor:0x8086\n";
    sources.dpkg = "ii \tnvidia-driver-550\t550.54.14-0ubuntu1\tamd64\n";
    sources.proc_version = "";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::no_gpu);
    CHECK(found.repair.empty());
    CHECK_FALSE(found.needs_reboot);
  }

  TEST_CASE("nothing at all shows no GPU") {
    CHECK(verdict({}).state == DriverState::no_gpu);
  }

  TEST_CASE("nouveau on the device is owned by another, with a reboot at the end") {
    DriverSources sources;
    sources.pci = v100 + "/sys/bus/pci/devices/0000:01:00.0/uevent:DRIVER=nouveau\n";
    sources.proc_version = "";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::owned_by_other);
    CHECK(found.evidence.front() == "PCI 0000:01:00.0 is bound to nouveau");
    CHECK(found.needs_reboot);
    CHECK(runs(found, "update-initramfs", "-u"));
  }

  TEST_CASE("a device given to vfio-pci is left alone") {
    DriverSources sources;
    sources.pci = v100 + "/sys/bus/pci/devices/0000:01:00.0/uevent:DRIVER=vfio-pci\n";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::owned_by_other);
    CHECK(found.repair.empty());
  }

  TEST_CASE("Blackwell under the proprietary module needs the open one") {
    DriverSources sources;
    sources.pci = b200;
    sources.proc_version = loaded_550;
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::needs_open);
    CHECK(found.flavour == "proprietary");
    CHECK(runs(found, "apt-get", "-open"));
  }

  TEST_CASE("Volta under the open module needs the proprietary one") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = open_550;
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::needs_proprietary);
    CHECK(found.flavour == "open");
    CHECK_FALSE(runs(found, "apt-get", "-open"));
  }

  TEST_CASE("a dkms build for another kernel alone is not built for this one") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = "";
    sources.dpkg = "ii \tnvidia-dkms-550\t550.54.14-0ubuntu1\tamd64\n";
    sources.dkms = "nvidia/550.54.14, 6.8.0-40-generic, x86_64: installed\n";
    sources.kernel = "6.8.0-45-generic\n";
    sources.nvidia_smi = smi_fails;
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::not_built_for_kernel);
    CHECK(found.version == "550.54.14");
    REQUIRE(found.repair.size() == 3);
    CHECK(found.repair[0].back() == "linux-headers-6.8.0-45-generic");
    CHECK(found.repair[1] ==
          Argv{"dkms", "install", "-m", "nvidia", "-v", "550.54.14", "-k", "6.8.0-45-generic"});
  }

  TEST_CASE("prebuilt modules are mended with the package of the kernel") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = "";
    sources.dpkg =
        "ii \tlinux-modules-nvidia-550-server-6.8.0-40-generic\t6.8.0-40.40\tamd64\n"
        "ii \tnvidia-headless-550-server\t550.54.14-0ubuntu1\tamd64\n";
    sources.modinfo = "modinfo: ERROR: Module nvidia not found.\n";
    sources.kernel = "6.8.0-45-generic";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::not_built_for_kernel);
    CHECK(runs(found, "apt-get", "linux-modules-nvidia-550-server-6.8.0-45-generic"));
  }

  TEST_CASE("a half-configured package is configured first") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = "";
    sources.dpkg = "iF \tnvidia-dkms-550\t550.54.14-0ubuntu1\tamd64\n";
    sources.kernel = "6.8.0-45-generic";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::not_built_for_kernel);
    CHECK(found.repair.back() == Argv{"dpkg", "--configure", "-a"});
  }

  TEST_CASE("a rejected key is Secure Boot") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = "";
    sources.dkms = "nvidia/550.54.14, 6.8.0-45-generic, x86_64: installed\n";
    sources.kernel = "6.8.0-45-generic";
    sources.kernel_log =
        "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service\n";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::secure_boot);
    CHECK(runs(found, "apt-get", "linux-modules-nvidia-550-6.8.0-45-generic"));
  }

  TEST_CASE("a built module that is not loaded is loaded") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = "";
    sources.dkms = "nvidia/550.54.14, 6.8.0-45-generic, x86_64: installed\n";
    sources.kernel = "6.8.0-45-generic";
    sources.nvidia_smi = smi_fails;
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::not_loaded);
    CHECK(found.repair == std::vector<Argv>{{"modprobe", "nvidia"}});
    CHECK_FALSE(found.needs_reboot);
  }

  TEST_CASE("a GPU without any driver gets headers and the headless server branch") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = "";
    sources.dpkg = "rc \tnvidia-dkms-390\t390.138-0\tamd64\n";
    sources.kernel = "6.8.0-45-generic";
    sources.ubuntu_drivers =
        "== /sys/a ==\nvendor   : NVIDIA Corporation\n"
        "driver   : nvidia-driver-570-server - distro non-free\n"
        "driver   : nvidia-driver-580 - distro non-free recommended\n";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::not_loaded);
    CHECK(found.recommended == "nvidia-driver-580");
    CHECK_FALSE(found.needs_reboot);
    REQUIRE(found.repair.size() == 4);
    CHECK(found.repair[3] ==
          Argv{"apt-mark", "hold", "nvidia-headless-570-server", "nvidia-utils-570-server"});
    CHECK(found.repair[0].back() == "linux-headers-6.8.0-45-generic");
    CHECK(found.repair[1][found.repair[1].size() - 2] == "nvidia-headless-570-server");
    CHECK(found.repair[1].back() == "nvidia-utils-570-server");
    CHECK(found.repair[2] == Argv{"modprobe", "nvidia"});
  }

  TEST_CASE("a V100 never gets a branch after 580") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = "";
    sources.kernel = "6.8.0-45-generic";
    sources.ubuntu_drivers =
        "== /sys/a ==\nvendor   : NVIDIA Corporation\n"
        "driver   : nvidia-driver-590-server - distro non-free recommended\n";
    CHECK(runs(verdict(sources), "apt-get", "nvidia-headless-580-server"));
  }

  TEST_CASE("libraries newer than the loaded module are a mismatch") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = loaded_550;
    sources.libraries = "libnvidia-ml.so.550.120\nlibcuda.so.550.120\n";
    sources.nvidia_smi = SmiRun{
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: "
        "550.120\n",
        "", 18};
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::api_mismatch);
    CHECK(found.repair.back() == Argv{"modprobe", "nvidia"});
    CHECK(found.repair.front().front() == "rmmod");
  }

  TEST_CASE("a fabric manager of another version is told with the exact package") {
    DriverSources sources;
    sources.pci = v100 +
                  "/sys/bus/pci/devices/0000:05:00.0/vendor:0x10de\n"
                  "/sys/bus/pci/devices/0000:05:00.0/class:0x068000\n";
    sources.proc_version = loaded_550;
    sources.dpkg = "ii \tnvidia-fabricmanager-550\t550.120-0ubuntu1\tamd64\n";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::fabric_mismatch);
    CHECK(runs(found, "apt-get", "nvidia-fabricmanager-550=550.54.14*"));
  }

  TEST_CASE("a lost GPU and a hanging nvidia-smi are unhealthy") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = loaded_550;
    sources.nvidia_smi = SmiRun{"", "", 124};
    const auto hanging = verdict(sources);
    CHECK(hanging.state == DriverState::gpu_unhealthy);
    CHECK(starts_with(hanging.evidence.front(), "smi_hang"));
    sources.nvidia_smi = smi_lists;
    sources.kernel_log = "NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.\n";
    CHECK(verdict(sources).state == DriverState::gpu_unhealthy);
    CHECK(verdict(sources).needs_reboot);
  }

  TEST_CASE("a driver older than wanted is too old, one as new is fine") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = loaded_550;
    sources.nvidia_smi = smi_lists;
    DriverWish wish;
    wish.min_driver = parse_driver_version("580.65.06");
    CHECK(verdict(sources, wish).state == DriverState::driver_too_old_for);
    wish.min_driver = parse_driver_version("525.60.13");
    CHECK(verdict(sources, wish).state == DriverState::ok);
  }

  TEST_CASE("a sound machine is ok, with what to mind") {
    DriverSources sources;
    sources.pci = v100;
    sources.proc_version = loaded_550;
    sources.nvidia_smi = smi_lists;
    sources.dpkg = "ii \tnvidia-headless-550-server\t550.54.14-0ubuntu1\tamd64\n";
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::ok);
    CHECK(found.version == "550.54.14");
    CHECK(found.flavour == "proprietary");
    CHECK(found.repair.empty());
    REQUIRE(found.warnings.size() == 1);
    CHECK(contains(found.warnings[0], "hold"));
  }

  TEST_CASE("the loaded module alone is enough for a verdict") {
    DriverSources sources;
    sources.proc_version = open_550;
    const auto found = verdict(sources);
    CHECK(found.state == DriverState::ok);
    CHECK(found.flavour == "open");
  }
}
