#include "formats/driver_libraries.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "formats/driver_version.hpp"

namespace dtenv {
namespace {

/// Every version that stands behind a library's name: "libnvidia-ml.so.550.54.14".
std::vector<std::string> versions_in(std::string_view text) {
  constexpr std::array<std::string_view, 2> names = {"libnvidia-ml.so.", "libcuda.so."};
  std::vector<std::string> found;
  for (const auto name : names) {
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      const auto rest = text.substr(at + name.size());
      const auto word = rest.substr(0, rest.find_first_not_of("0123456789."));
      if (!parse_driver_version(word)) continue;
      if (std::find(found.begin(), found.end(), word) == found.end()) found.emplace_back(word);
    }
  }
  return found;
}

}  // namespace

DriverLibraries parse_driver_libraries(std::string_view text, std::string_view library_path) {
  DriverLibraries out;
  out.versions = versions_in(text);
  bool saw_cuda = false;
  for (const auto raw : split_lines(text)) {
    const auto line = trim(raw);
    const auto arrow = line.find("=> ");
    if (arrow == std::string_view::npos) continue;
    const auto path = line.substr(arrow + 3, line.find(' ', arrow + 3) - arrow - 3);
    if (starts_with(line, "libnvidia-ml.so.1") && out.first.empty())
      if (const auto versions = versions_in(line); !versions.empty()) out.first = versions.front();
    if (!starts_with(line, "libcuda.so.1") || saw_cuda) continue;
    saw_cuda = true;
    if (contains(path, "/stubs/")) out.stub = std::string(path);
  }
  for (const auto line : split_lines(library_path)) {
    const auto equals = line.find("LD_LIBRARY_PATH=");
    if (equals == std::string_view::npos) continue;
    for (const auto& folder : split(line.substr(equals + 16), ':'))
      if (contains(folder, "/stubs") && out.stub.empty()) out.stub = "LD_LIBRARY_PATH: " + folder;
  }
  return out;
}

}  // namespace dtenv
