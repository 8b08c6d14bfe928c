#include "formats/nvidia_smi.hpp"

#include <array>

#include "base/text.hpp"
#include "formats/driver_version.hpp"

namespace dtenv {
namespace {

struct Sign {
  std::string_view text;
  SmiState state;
};

/// First that is found wins, whatever the exit status and whichever the stream.
constexpr std::array<Sign, 16> sign_table = {{
    {"couldn't communicate with the NVIDIA driver", SmiState::no_driver},
    {"Driver/library version mismatch", SmiState::mismatch},
    {"couldn't find libnvidia-ml", SmiState::no_library},
    {"Driver Not Loaded", SmiState::no_driver},
    {"Insufficient Permissions", SmiState::no_permission},
    {"GPU access blocked by the operating system", SmiState::no_permission},
    {"No devices were found", SmiState::no_devices},
    {"GPU is lost", SmiState::gpu_lost},
    {"fallen off the bus", SmiState::gpu_lost},
    {"Unable to determine the device handle", SmiState::gpu_lost},
    {"GPU requires reset", SmiState::needs_reset},
    {"ERR!", SmiState::gpu_lost},
    {"[Unknown Error]", SmiState::gpu_lost},
    {"Failed to initialize NVML: Unknown Error", SmiState::unknown_error},
    {"Failed to initialize NVML", SmiState::unknown_error},
    {"command not found", SmiState::not_found},
}};

std::string line_of(std::string_view text, std::size_t at) {
  auto begin = text.rfind('\n', at);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  return std::string(trim(text.substr(begin, text.find('\n', at) - begin)));
}

bool find_sign(std::string_view text, SmiReport& report) {
  for (const auto& sign : sign_table) {
    const auto at = text.find(sign.text);
    if (at == std::string_view::npos) continue;
    report.state = sign.state;
    report.line = line_of(text, at);
    return true;
  }
  return false;
}

/// A row of the query: index, uuid, bus, name, driver, capability, ECC errors, persistence. Cells
/// may say [N/A], [Not Supported] or the like.
void read_query_row(std::string_view line, SmiReport& report) {
  const auto cells = split(line, ',');
  for (const auto& cell : cells)
    if (const auto word = trim(cell);
        report.driver_version.empty() && word.find('.') == 3 && parse_driver_version(word))
      report.driver_version = std::string(word);
  if (cells.size() < 7) return;
  const auto errors = parse_integer(trim(cells[6]), 1, INT32_MAX);
  if (errors)
    report.ecc_errors.push_back("GPU " + cells[0] + " has " + std::to_string(*errors) +
                                " uncorrected ECC errors since the driver was loaded");
  if (cells.size() > 7 && trim(cells[7]) == "Disabled") ++report.persistence_off;
}

void read_output(std::string_view out, SmiReport& report) {
  for (const auto line : split_lines(out)) {
    if (const auto at = line.find("Driver Version:"); at != std::string_view::npos)
      report.driver_version = find_driver_version(line, at);
    const bool listed = starts_with(line, "GPU ") && contains(line, "(UUID:");
    const bool queried = contains(line, "GPU-") && contains(line, ", ");
    if (!listed && !queried) continue;
    ++report.gpus;
    if (queried) read_query_row(line, report);
  }
}

}  // namespace

SmiState smi_state_of_code(int code) {
  switch (code) {
    case 0:
      return SmiState::ok;
    case 4:
    case 17:
      return SmiState::no_permission;
    case 6:
      return SmiState::no_devices;
    case 9:
      return SmiState::no_driver;
    case 12:
      return SmiState::no_library;
    case 15:
      return SmiState::gpu_lost;
    case 16:
      return SmiState::needs_reset;
    case 18:
      return SmiState::mismatch;
    case 124:
    case 137:
      return SmiState::hang;  // timeout(1), SIGKILL at our own deadline
    case 126:
    case 127:
      return SmiState::not_found;
    default:
      return SmiState::unknown_error;
  }
}

SmiReport read_nvidia_smi(const SmiRun& run) {
  SmiReport report;
  if (!find_sign(run.out, report) && !find_sign(run.err, report)) {
    report.state = smi_state_of_code(run.exit_code);
    report.line = "nvidia-smi: exit " + std::to_string(run.exit_code);
    if (report.state == SmiState::ok) read_output(run.out, report);
  }
  constexpr std::string_view key = "NVML library version:";
  for (const std::string_view text : {std::string_view(run.out), std::string_view(run.err)})
    if (const auto at = text.find(key); at != std::string_view::npos)
      report.library_version = find_driver_version(text, at + key.size());
  return report;
}

}  // namespace dtenv
