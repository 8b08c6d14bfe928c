#include "doctest/doctest.h"
#include "formats/driver_libraries.hpp"
#include "formats/driver_repair.hpp"
#include "formats/driver_verdict.hpp"
#include "formats/gpu_information.hpp"
#include "formats/kernel_version.hpp"
#include "formats/nvml_report.hpp"

using namespace dtenv;

TEST_SUITE("parts of a driver's verdict") {
  TEST_CASE("CUDA's floors are those of its release notes") {
    const auto floor = [](std::string_view cuda) {
      const auto found = driver_floor(cuda);
      return found ? show_driver_version(*found) : std::string("unknown");
    };
    CHECK(floor("10.2") == "440.33");
    CHECK(floor("11.0") == "450.36.06");
    CHECK(floor("11.8") == "450.80.02");
    CHECK(floor("12.4.1") == "525.60.13");
    CHECK(floor("13.0") == "580.65.06");
    CHECK(floor("8") == "375.26");
    CHECK(floor("3.2") == "unknown");
    CHECK(floor("new") == "unknown");
  }

  TEST_CASE("of two wishes the newer driver counts") {
    const auto newer = driver_wish(parse_driver_version("550.54.14"), "12.4");
    CHECK(show_driver_version(*newer.min_driver) == "550.54.14");
    CHECK(newer.cuda.empty());
    const auto by_cuda = driver_wish(parse_driver_version("450.80.02"), "12.4");
    CHECK(show_driver_version(*by_cuda.min_driver) == "525.60.13");
    CHECK(by_cuda.cuda == "12.4");
    CHECK_FALSE(driver_wish(std::nullopt, "").min_driver);
  }

  TEST_CASE("NVML's lines and names are read") {
    const auto report = parse_nvml_report(
        "init 0\ndriver 550.54.14\ncuda 12040\ngpu 0 0 GPU-1 3 0\ngpu 1 15 - - -\n");
    CHECK(report.init == 0);
    CHECK(report.cuda == 12040);
    REQUIRE(report.gpus.size() == 2);
    CHECK(report.gpus[0].fabric_state == 3);
    CHECK(report.gpus[1].code == 15);
    CHECK_FALSE(report.gpus[1].fabric_state);
    CHECK(parse_nvml_report("not asked: no python3\n").why_not == "no python3");
    CHECK(nvml_code_name(18) == "LIB_RM_VERSION_MISMATCH");
    CHECK(nvml_code_name(29) == "INVALID_STATE");
    CHECK(nvml_code_name(999) == "UNKNOWN");
    CHECK(nvml_code_name(77) == "code 77");
    CHECK(fabric_state_name(2) == "IN_PROGRESS");
  }

  TEST_CASE("a UUID of question marks is a GPU that was never brought up") {
    const auto gpus = parse_gpu_information(
        "Model: \t\t Tesla V100\nGPU UUID: \t GPU-1\nBus Location: \t 0000:06:00.0\n"
        "Model: \t\t Tesla V100\nGPU UUID: \t GPU-????????"
        "-????\nGPU Excluded:\t Yes\n");
    REQUIRE(gpus.size() == 2);
    CHECK(gpus[0].initialised());
    CHECK(gpus[0].slot == "0000:06:00.0");
    CHECK_FALSE(gpus[1].initialised());
    CHECK(gpus[1].excluded);
  }

  TEST_CASE("kernels compare as people count") {
    CHECK(newest_kernel("6.8.0-9-generic\n6.8.0-45-generic\n0-rescue-1234\n6.5.0-99-generic\n") ==
          "6.8.0-45-generic");
    CHECK(newest_kernel("").empty());
    CHECK_FALSE(kernel_older("6.8.0-45-generic", "6.8.0-45-generic"));
    CHECK(kernel_at_least("5.15.0-91-generic", 5, 12));
    CHECK_FALSE(kernel_at_least("5.4.0-91-generic", 5, 12));
  }

  TEST_CASE("the library that the loader finds first is told, and a stub before it") {
    const auto libraries = parse_driver_libraries(
        "\tlibnvidia-ml.so.1 (libc6,x86-64) => /usr/lib/libnvidia-ml.so.1\n"
        "libnvidia-ml.so.1 => /usr/lib64/libnvidia-ml.so.1 => libnvidia-ml.so.550.54.14\n"
        "libcuda.so.1 => /usr/lib/libcuda.so.1 => libcuda.so.535.104.05\n",
        "LD_LIBRARY_PATH=/opt:/usr/local/cuda/lib64/stubs\n");
    CHECK(libraries.first == "550.54.14");
    CHECK(libraries.versions == std::vector<std::string>{"550.54.14", "535.104.05"});
    CHECK(libraries.stub == "LD_LIBRARY_PATH: /usr/local/cuda/lib64/stubs");
  }

  TEST_CASE("a file is shown as a command, and read back from it") {
    const DriverFile file{"/etc/modprobe.d/x.conf", "one\ntwo 'three'\n"};
    const auto back = file_of(write_file_argv(file));
    REQUIRE(back);
    CHECK(back->path == file.path);
    CHECK(back->text == file.text);
    CHECK_FALSE(file_of({"sh", "-c", "echo x >/y", "sh", "z"}));
  }

  TEST_CASE("what an unloaded module needs again is not taken for done") {
    DriverFacts facts;
    facts.loaded.emplace();
    const std::vector<Argv> reload = {{"rmmod", "nvidia"}, {"modprobe", "nvidia"}};
    CHECK(pending_argvs(facts, reload) == reload);
    CHECK(pending_argvs(facts, {{"modprobe", "nvidia"}}).empty());
  }
}
