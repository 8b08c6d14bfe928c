#include "formats/dkms_status.hpp"

#include <optional>

#include "base/text.hpp"

namespace dtenv {
namespace {

std::optional<DkmsRow> parse_row(std::string_view line) {
  const auto colon = line.rfind(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  // A warning may hold ": " itself, so the state is what follows the first ": " with a known word.
  for (auto at = line.find(": "); at != std::string_view::npos; at = line.find(": ", at + 1)) {
    const auto tail = trim(line.substr(at + 2));
    const auto word = tail.substr(0, tail.find_first_of(" \t("));
    if (word != "added" && word != "built" && word != "installed") continue;
    DkmsRow row;
    row.state = std::string(word);
    if (const auto open = tail.find('('); open != std::string_view::npos)
      row.warning = std::string(trim(tail.substr(open + 1, tail.rfind(')') - open - 1)));
    std::vector<std::string> fields;
    for (const auto& field : split(line.substr(0, at), ',')) fields.emplace_back(trim(field));
    // New: "nvidia/580.119.02, kernel, arch"; old: "nvidia, 470.86, kernel, arch".
    if (const auto slash = fields[0].find('/'); slash != std::string::npos) {
      fields.insert(fields.begin() + 1, fields[0].substr(slash + 1));
      fields[0].resize(slash);
    }
    if (fields.size() < 2 || fields[0].empty() || fields[1].empty()) return std::nullopt;
    row.module = fields[0];
    row.version = fields[1];
    if (fields.size() > 2) row.kernel = fields[2];
    if (fields.size() > 3) row.arch = fields[3];
    return row;
  }
  return std::nullopt;
}

}  // namespace

std::vector<DkmsRow> parse_dkms_status(std::string_view text) {
  std::vector<DkmsRow> rows;
  for (const auto line : split_lines(text))
    if (auto row = parse_row(trim(line))) rows.push_back(std::move(*row));
  return rows;
}

bool is_nvidia_module(const DkmsRow& row) {
  return row.module == "nvidia" || row.module == "nvidia-current" || row.module == "nvidia-open" ||
         row.module == "nvidia-srv" || starts_with(row.module, "nvidia-tesla");
}

}  // namespace dtenv
