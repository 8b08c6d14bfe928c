#include "formats/nvml_report.hpp"

#include <array>

#include "base/text.hpp"

namespace dtenv {
namespace {

std::optional<int> read_number(std::string_view word) {
  const auto number = parse_integer(word, 0, 999999);
  if (!number) return std::nullopt;
  return static_cast<int>(*number);
}

void read_gpu(const std::vector<std::string_view>& words, NvmlReport& report) {
  if (words.size() < 6) return;
  NvmlGpu gpu;
  gpu.code = read_number(words[2]).value_or(999);
  if (words[3] != "-") gpu.uuid = std::string(words[3]);
  gpu.fabric_state = read_number(words[4]);
  gpu.fabric_status = read_number(words[5]);
  report.gpus.push_back(std::move(gpu));
}

}  // namespace

NvmlReport parse_nvml_report(std::string_view text) {
  NvmlReport report;
  for (const auto raw : split_lines(text)) {
    const auto line = trim(raw);
    if (starts_with(line, "not asked:")) report.why_not = std::string(trim(line.substr(10)));
    if (starts_with(line, "library:")) report.library_error = std::string(trim(line.substr(8)));
    const auto words = split_words(line);
    if (words.size() < 2) continue;
    if (words[0] == "init") report.init = read_number(words[1]);
    if (words[0] == "driver") report.driver_version = std::string(words[1]);
    if (words[0] == "cuda") report.cuda = read_number(words[1]).value_or(0);
    if (words[0] == "gpu") read_gpu(words, report);
  }
  return report;
}

std::string nvml_code_name(int code) {
  constexpr std::array<std::string_view, 30> names = {
      "SUCCESS",
      "UNINITIALIZED",
      "INVALID_ARGUMENT",
      "NOT_SUPPORTED",
      "NO_PERMISSION",
      "ALREADY_INITIALIZED",
      "NOT_FOUND",
      "INSUFFICIENT_SIZE",
      "INSUFFICIENT_POWER",
      "DRIVER_NOT_LOADED",
      "TIMEOUT",
      "IRQ_ISSUE",
      "LIBRARY_NOT_FOUND",
      "FUNCTION_NOT_FOUND",
      "CORRUPTED_INFOROM",
      "GPU_IS_LOST",
      "RESET_REQUIRED",
      "OPERATING_SYSTEM",
      "LIB_RM_VERSION_MISMATCH",
      "IN_USE",
      "MEMORY",
      "NO_DATA",
      "VGPU_ECC_NOT_SUPPORTED",
      "INSUFFICIENT_RESOURCES",
      "FREQ_NOT_SUPPORTED",
      "ARGUMENT_VERSION_MISMATCH",
      "DEPRECATED",
      "NOT_READY",
      "GPU_NOT_FOUND",
      "INVALID_STATE",
  };
  if (code == 999) return "UNKNOWN";
  if (code >= 0 && code < 30) return std::string(names[static_cast<std::size_t>(code)]);
  return "code " + std::to_string(code);
}

std::string fabric_state_name(int state) {
  constexpr std::array<std::string_view, 4> names = {"NOT_SUPPORTED", "NOT_STARTED", "IN_PROGRESS",
                                                     "COMPLETED"};
  if (state >= 0 && state < 4) return std::string(names[static_cast<std::size_t>(state)]);
  return "state " + std::to_string(state);
}

}  // namespace dtenv
