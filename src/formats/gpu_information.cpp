#include "formats/gpu_information.hpp"

#include "base/text.hpp"

namespace dtenv {

bool GpuInformation::initialised() const {
  return !uuid.empty() && !contains(uuid, "?");
}

std::vector<GpuInformation> parse_gpu_information(std::string_view text) {
  std::vector<GpuInformation> gpus;
  for (const auto line : split_lines(text)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto key = trim(line.substr(0, colon));
    const std::string value(trim(line.substr(colon + 1)));
    if (key == "Model") {
      gpus.emplace_back();
      gpus.back().model = value;
    }
    if (gpus.empty()) continue;
    if (key == "GPU UUID") gpus.back().uuid = value;
    if (key == "Bus Location") gpus.back().slot = value;
    if (key == "GPU Firmware") gpus.back().firmware = value;
    if (key == "GPU Excluded") gpus.back().excluded = value == "Yes";
  }
  return gpus;
}

}  // namespace dtenv
