#include "formats/pci_devices.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace dtenv {
namespace {

constexpr std::uint32_t nvidia_vendor = 0x10de;

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  if (starts_with(text, "0x")) text.remove_prefix(2);
  std::uint32_t value = 0;
  const auto end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data(), end, value, 16);
  if (text.empty() || code != std::errc{} || at != end) return std::nullopt;
  return value;
}

/// "0000:01:00.0" or "01:00.0".
bool is_slot(std::string_view word) {
  const auto dot = word.rfind('.');
  return (word.size() == 12 || word.size() == 7) && dot == word.size() - 2 &&
         word[dot - 3] == ':' && parse_hex(word.substr(dot - 2, 2));
}

std::string full_slot(std::string_view slot) {
  return slot.size() == 7 ? "0000:" + std::string(slot) : std::string(slot);
}

PciDevice& at_slot(std::vector<PciDevice>& devices, std::string_view slot) {
  const auto name = full_slot(slot);
  for (auto& device : devices)
    if (device.slot == name) return device;
  devices.emplace_back();
  devices.back().slot = name;
  return devices.back();
}

std::string base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

/// KEY=value of a uevent file.
void read_uevent(std::string_view line, PciDevice& device) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const auto key = line.substr(0, equals);
  const auto value = trim(line.substr(equals + 1));
  if (key == "DRIVER") device.driver = std::string(value);
  if (key == "PCI_CLASS") device.class_code = parse_hex(value).value_or(0);
  if (key != "PCI_ID") return;
  const auto colon = value.find(':');
  device.vendor = parse_hex(value.substr(0, colon)).value_or(0);
  if (colon != std::string_view::npos)
    device.device = parse_hex(value.substr(colon + 1)).value_or(0);
}

void read_sysfs_file(std::string_view file, std::string_view value, PciDevice& device) {
  if (file == "vendor") device.vendor = parse_hex(value).value_or(0);
  if (file == "device") device.device = parse_hex(value).value_or(0);
  if (file == "class") device.class_code = parse_hex(value).value_or(0);
  if (file == "driver") device.driver = base_name(value);
  if (file == "numa_node")
    device.numa_node = static_cast<int>(parse_integer(value, 0, 9999).value_or(-1));
  if (file == "uevent") read_uevent(value, device);
}

/// "/sys/bus/pci/devices/0000:01:00.0/vendor:0x10de"; behind a bridge the last slot is the device.
bool read_sysfs_row(std::string_view line, std::vector<PciDevice>& devices) {
  std::string_view slot;
  std::string_view row;
  std::size_t begin = 0;
  for (auto end = line.find('/'); end != std::string_view::npos; end = line.find('/', begin)) {
    if (is_slot(line.substr(begin, end - begin))) {
      slot = line.substr(begin, end - begin);
      row = line.substr(end + 1);
    }
    begin = end + 1;
  }
  const auto colon = row.find(':');
  if (slot.empty() || colon == std::string_view::npos) return false;
  read_sysfs_file(row.substr(0, colon), trim(row.substr(colon + 1)), at_slot(devices, slot));
  return true;
}

/// The last "[10de:1db4]" or, with -n, the word "10de:1db4".
void read_lspci_ids(std::string_view line, PciDevice& device) {
  for (const auto word : split_words(line.substr(line.find(' ')))) {
    std::string_view id = word;
    while (!id.empty() && (id.front() == '[' || id.front() == '(')) id.remove_prefix(1);
    while (!id.empty() && (id.back() == ']' || id.back() == ')' || id.back() == ':'))
      id.remove_suffix(1);
    if (id.size() == 9 && id[4] == ':' && parse_hex(id.substr(0, 4)) && parse_hex(id.substr(5))) {
      device.vendor = *parse_hex(id.substr(0, 4));
      device.device = *parse_hex(id.substr(5));
    } else if (id.size() == 4 && device.class_code == 0 && parse_hex(id) &&
               (word.back() == ':' || word.front() == '[')) {
      device.class_code = *parse_hex(id) << 8;
    }
  }
}

}  // namespace

bool PciDevice::is_nvidia_gpu() const {
  const auto kind = class_code >> 8;
  return vendor == nvidia_vendor && (kind == 0x0300 || kind == 0x0302);
}

bool PciDevice::is_nvswitch() const {
  return vendor == nvidia_vendor && (class_code >> 8) == 0x0680;
}

std::vector<PciDevice> parse_pci_devices(std::string_view text) {
  std::vector<PciDevice> devices;
  PciDevice block;  // a uevent without a path: it names its slot itself
  std::string current;
  for (const auto raw : split_lines(text)) {
    const auto line = trim(raw);
    const auto first = line.substr(0, line.find(' '));
    if (is_slot(first)) {
      current = std::string(first);
      if (line.size() > first.size()) read_lspci_ids(line, at_slot(devices, first));
    } else if (starts_with(line, "Kernel driver in use:") && !current.empty()) {
      at_slot(devices, current).driver = std::string(trim(line.substr(21)));
    } else if (starts_with(line, "PCI_SLOT_NAME=")) {
      block.slot = full_slot(line.substr(14));
      at_slot(devices, block.slot) = block;
    } else if (line.empty()) {
      block = {};
    } else if (!read_sysfs_row(line, devices)) {
      if (starts_with(line, "DRIVER=")) block = {};
      read_uevent(line, block);
    }
  }
  return devices;
}

GpuArch gpu_arch(std::uint32_t id) {
  struct Range {
    std::uint32_t low, high;
    GpuArch arch;
  };
  constexpr std::array<Range, 19> ranges = {{
      {0x06c0, 0x0dff, GpuArch::fermi},     {0x0fc0, 0x103f, GpuArch::kepler},
      {0x1040, 0x117f, GpuArch::fermi},     {0x1180, 0x11ff, GpuArch::kepler},
      {0x1200, 0x127f, GpuArch::fermi},     {0x1280, 0x12ff, GpuArch::kepler},
      {0x1340, 0x14ff, GpuArch::maxwell},   {0x15f0, 0x15ff, GpuArch::pascal},
      {0x1600, 0x17ff, GpuArch::maxwell},   {0x1b00, 0x1d7f, GpuArch::pascal},
      {0x1d80, 0x1dff, GpuArch::volta},     {0x1e00, 0x1fff, GpuArch::turing},
      {0x2000, 0x20ff, GpuArch::ampere},    {0x2180, 0x21ff, GpuArch::turing},
      {0x2200, 0x22ff, GpuArch::ampere},    {0x2300, 0x23ff, GpuArch::hopper},
      {0x2400, 0x25ff, GpuArch::ampere},    {0x2600, 0x28ff, GpuArch::ada},
      {0x2900, 0x31ff, GpuArch::blackwell},
  }};
  for (const auto& range : ranges)
    if (id >= range.low && id <= range.high) return range.arch;
  return GpuArch::unknown;
}

std::string_view gpu_arch_name(GpuArch arch) {
  constexpr std::array<std::string_view, 11> names = {"unknown", "Fermi", "Kepler",   "Maxwell",
                                                      "Pascal",  "Volta", "Turing",   "Ampere",
                                                      "Hopper",  "Ada",   "Blackwell"};
  return names[static_cast<std::size_t>(arch)];
}

}  // namespace dtenv
