#include "formats/nvidia_smi.hpp"
#include "doctest/doctest.h"
#include "formats/pci_devices.hpp"

using namespace dtenv;

TEST_SUITE("nvidia-smi") {
  TEST_CASE("a failure is told by its text, on either stream and with any exit status") {
    CHECK(read_nvidia_smi({"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA "
                           "driver. Make sure that the latest NVIDIA driver is installed.\n",
                           "", 9})
              .state == SmiState::no_driver);
    const auto lost = read_nvidia_smi(
        {"Unable to determine the device handle for GPU3: 0000:04:00.0: Unknown Error\n", "", 0});
    CHECK(lost.state == SmiState::gpu_lost);
    CHECK(lost.line ==
          "Unable to determine the device handle for GPU3: 0000:04:00.0: Unknown Error");
    CHECK(read_nvidia_smi({"", "bash: nvidia-smi: command not found\n", 127}).state ==
          SmiState::not_found);
  }

  TEST_CASE("a mismatch gives the library's version") {
    const auto report = read_nvidia_smi(
        {"Failed to initialize NVML: Driver/library version mismatch\nNVML library version: "
         "580.178\n",
         "", 18});
    CHECK(report.state == SmiState::mismatch);
    CHECK(report.library_version == "580.178");
  }

  TEST_CASE("without a text the exit status is NVML's code") {
    CHECK(read_nvidia_smi({"", "", 6}).state == SmiState::no_devices);
    CHECK(read_nvidia_smi({"", "", 137}).state == SmiState::hang);
    CHECK(read_nvidia_smi({"", "", 200}).state == SmiState::unknown_error);
  }

  TEST_CASE("GPUs and the driver's version are read from the table, the list and the query") {
    const auto table = read_nvidia_smi(
        {"| NVIDIA-SMI 550.54.14   Driver Version: 550.54.14   CUDA Version: 12.4 |\n", "", 0});
    CHECK(table.state == SmiState::ok);
    CHECK(table.driver_version == "550.54.14");
    const auto list =
        read_nvidia_smi({"GPU 0: Tesla V100 (UUID: GPU-1)\nGPU 1: Tesla V100 (UUID: "
                         "GPU-2)\n",
                         "", 0});
    CHECK(list.gpus == 2);
    const auto query = read_nvidia_smi(
        {"0, GPU-3fe1, 00000000:04:00.0, Tesla V100-SXM2-16GB, 550.54.14, 7.0, 0\n", "", 0});
    CHECK(query.gpus == 1);
    CHECK(query.driver_version == "550.54.14");
  }

  TEST_CASE("ERR! cells and a needed reset are failures though it exits 0") {
    CHECK(read_nvidia_smi({"| ERR!   30C |\n", "", 0}).state == SmiState::gpu_lost);
    CHECK(read_nvidia_smi({"0, [GPU requires reset]\n", "", 0}).state == SmiState::needs_reset);
  }
}

TEST_SUITE("PCI devices") {
  TEST_CASE("rows of sysfs files make devices, behind a bridge too") {
    const auto devices = parse_pci_devices(
        "/sys/bus/pci/devices/0000:00:02.0/vendor:0x8086\n"
        "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/vendor:0x10de\n"
        "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/device:0x1db4\n"
        "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/class:0x030200\n"
        "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/driver:../../bus/pci/drivers/nvidia\n");
    REQUIRE(devices.size() == 2);
    CHECK_FALSE(devices[0].is_nvidia_gpu());
    CHECK(devices[1].slot == "0000:01:00.0");
    CHECK(devices[1].is_nvidia_gpu());
    CHECK(devices[1].driver == "nvidia");
    CHECK(gpu_arch(devices[1].device) == GpuArch::volta);
  }

  TEST_CASE("uevent rows and blocks make devices") {
    const auto rows = parse_pci_devices(
        "/r/sys/bus/pci/devices/0000:01:00.0/uevent:DRIVER=nouveau\n"
        "/r/sys/bus/pci/devices/0000:01:00.0/uevent:PCI_CLASS=30200\n"
        "/r/sys/bus/pci/devices/0000:01:00.0/uevent:PCI_ID=10DE:2901\n"
        "/r/sys/bus/pci/devices/0000:01:00.0/uevent:MODALIAS=pci:v000010DEd00002901\n");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].is_nvidia_gpu());
    CHECK(rows[0].driver == "nouveau");
    CHECK(gpu_arch(rows[0].device) == GpuArch::blackwell);
    const auto blocks = parse_pci_devices(
        "DRIVER=nvidia\nPCI_CLASS=30200\nPCI_ID=10DE:2330\nPCI_SLOT_NAME=0000:1b:00.0\n\n"
        "PCI_CLASS=68000\nPCI_ID=10DE:22A3\nPCI_SLOT_NAME=0000:05:00.0\n");
    REQUIRE(blocks.size() == 2);
    CHECK(blocks[0].driver == "nvidia");
    CHECK(blocks[1].is_nvswitch());
    CHECK(blocks[1].driver.empty());
  }

  TEST_CASE("lspci's own forms are read") {
    const auto named = parse_pci_devices(
        "01:00.0 3D controller [0302]: NVIDIA Corporation GV100GL [Tesla V100 SXM2 16GB] "
        "[10de:1db1] (rev a1)\n"
        "\tSubsystem: NVIDIA Corporation Device [10de:1212]\n"
        "\tKernel driver in use: nvidia\n");
    REQUIRE(named.size() == 1);
    CHECK(named[0].is_nvidia_gpu());
    CHECK(named[0].device == 0x1db1);
    CHECK(named[0].driver == "nvidia");
    const auto numeric = parse_pci_devices("0000:01:00.0 0302: 10de:1db1 (rev a1)\n");
    REQUIRE(numeric.size() == 1);
    CHECK(numeric[0].is_nvidia_gpu());
  }
}
