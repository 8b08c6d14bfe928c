#include "formats/ubuntu_drivers.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace dtenv {
namespace {

std::optional<std::string> parse_header(std::string_view line) {
  if (!starts_with(line, "==") || !ends_with(line, "==") || line.size() < 5) return std::nullopt;
  return std::string(trim(line.substr(2, line.size() - 4)));
}

DriverCandidate parse_candidate(std::string_view value) {
  DriverCandidate out;
  const auto dash = value.find(" - ");
  out.package = std::string(trim(value.substr(0, dash)));
  if (dash == std::string_view::npos) return out;
  for (const auto word : split_words(value.substr(dash + 3))) {
    if (word == "third-party") out.third_party = true;
    if (word == "free") out.free = true;
    if (word == "builtin") out.builtin = true;
    if (word == "recommended") out.recommended = true;
  }
  return out;
}

void read_field(std::string_view line, UbuntuDevice& device) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto key = trim(line.substr(0, colon));
  const auto value = trim(line.substr(colon + 1));
  if (key == "modalias") device.modalias = std::string(value);
  if (key == "vendor") device.vendor = std::string(value);
  if (key == "model") device.model = std::string(value);
  if (key == "manual_install") device.manual_install = value == "True";
  if (key == "driver" && !value.empty()) device.drivers.push_back(parse_candidate(value));
}

/// "nvidia-driver-535-server, (kernel modules provided by linux-modules-nvidia-535-server-generic)"
std::optional<DriverCandidate> parse_list_row(std::string_view line) {
  const auto word = line.substr(0, line.find_first_of(", "));
  if (!starts_with(word, "nvidia-")) return std::nullopt;
  DriverCandidate out;
  out.package = std::string(word);
  return out;
}

bool offers(const UbuntuDevice& device, const std::string& package) {
  return std::any_of(device.drivers.begin(), device.drivers.end(),
                     [&](const DriverCandidate& d) { return d.package == package; });
}

}  // namespace

bool UbuntuDevice::is_nvidia() const {
  if (contains(lower(modalias), "v000010de") || contains(lower(vendor), "nvidia")) return true;
  if (!modalias.empty()) return false;
  return std::any_of(drivers.begin(), drivers.end(),
                     [](const DriverCandidate& d) { return starts_with(d.package, "nvidia-"); });
}

std::vector<UbuntuDevice> parse_ubuntu_drivers(std::string_view text) {
  std::vector<UbuntuDevice> devices;
  UbuntuDevice listed;
  bool inside = false;
  for (const auto raw : split_lines(text)) {
    const auto line = trim(raw);
    if (auto path = parse_header(line)) {
      devices.emplace_back();
      devices.back().path = std::move(*path);
      inside = true;
    } else if (line.empty()) {
      inside = false;
    } else if (inside) {
      read_field(line, devices.back());
    } else if (auto row = parse_list_row(line)) {
      listed.drivers.push_back(std::move(*row));
    }
  }
  if (!listed.drivers.empty()) devices.push_back(std::move(listed));
  return devices;
}

std::string recommended_driver(const std::vector<UbuntuDevice>& devices) {
  std::string first;
  for (const auto& device : devices) {
    if (!device.is_nvidia()) continue;
    for (const auto& driver : device.drivers) {
      if (!driver.recommended || !starts_with(driver.package, "nvidia-")) continue;
      if (first.empty()) first = driver.package;
      const bool everywhere =
          std::all_of(devices.begin(), devices.end(), [&](const UbuntuDevice& other) {
            // The rows of `list` are no device's.
            return other.path.empty() || !other.is_nvidia() || offers(other, driver.package);
          });
      if (everywhere) return driver.package;
    }
  }
  return first;
}

}  // namespace dtenv
