#include "formats/dpkg_rows.hpp"

#include <array>

#include "base/text.hpp"

namespace dtenv {
namespace {

constexpr std::string_view want_letters = "uirph";
constexpr std::string_view state_letters = "ncHUFWti";

bool is_status(std::string_view word) {
  return (word.size() == 2 || word.size() == 3) &&
         want_letters.find(word[0]) != std::string_view::npos &&
         state_letters.find(word[1]) != std::string_view::npos;
}

std::optional<DpkgRow> make_row(const std::vector<std::string>& fields) {
  if (fields.size() < 2) return std::nullopt;
  DpkgRow row;
  row.status = std::string(trim(fields[0]));
  row.package = std::string(trim(fields[1]));
  if (!is_status(row.status) || row.package.empty()) return std::nullopt;
  if (fields.size() > 2) row.version = std::string(trim(fields[2]));
  if (fields.size() > 3) row.architecture = std::string(trim(fields[3]));
  if (row.version == "<none>") row.version.clear();
  if (row.architecture == "<none>") row.architecture.clear();
  // `dpkg -l` qualifies a package of several architectures: "nvidia-dkms-550:amd64".
  if (const auto colon = row.package.find(':'); colon != std::string::npos) {
    if (row.architecture.empty()) row.architecture = row.package.substr(colon + 1);
    row.package.resize(colon);
  }
  return row;
}

}  // namespace

bool DpkgRow::installed() const {
  return status.size() >= 2 && (status[1] == 'i' || status[1] == 'W' || status[1] == 't');
}

bool DpkgRow::unfinished() const {
  if (status.size() < 2) return false;
  return status[1] == 'U' || status[1] == 'F' || status[1] == 'H' ||
         (status.size() > 2 && status[2] == 'R');
}

std::vector<DpkgRow> parse_dpkg_rows(std::string_view text) {
  std::vector<DpkgRow> rows;
  for (const auto line : split_lines(text)) {
    std::vector<std::string> fields;
    if (contains(line, "\t")) {
      fields = split(line, '\t');
    } else {
      for (const auto word : split_words(line)) fields.emplace_back(word);
    }
    if (auto row = make_row(fields)) rows.push_back(std::move(*row));
  }
  return rows;
}

std::vector<DpkgRow> parse_rpm_rows(std::string_view text) {
  std::vector<DpkgRow> rows;
  for (const auto line : split_lines(text)) {
    const auto fields = split(line, '\t');
    if (fields.size() != 3 || fields[0].empty()) continue;
    DpkgRow row;
    row.status = "ii";
    row.package = fields[0];
    row.version = fields[1];
    row.architecture = std::string(trim(fields[2]));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<int> driver_branch(std::string_view package) {
  for (const auto& part : split(package, '-'))
    if (part.size() == 3)
      if (const auto number = parse_integer(part, 100, 999)) return static_cast<int>(*number);
  return std::nullopt;
}

bool is_module_package(std::string_view package) {
  constexpr std::array<std::string_view, 12> heads = {"nvidia-dkms-",
                                                      "nvidia-kernel-dkms",
                                                      "nvidia-kernel-open-dkms",
                                                      "nvidia-open-kernel-dkms",
                                                      "linux-modules-nvidia-",
                                                      "kmod-nvidia",
                                                      "akmod-nvidia",
                                                      "nvidia-driver",
                                                      "nvidia-headless-",
                                                      "nvidia-open",
                                                      "cuda-drivers",
                                                      "nvidia-tesla-"};
  for (const auto head : heads)
    if (starts_with(package, head)) return true;
  return false;
}

bool is_open_package(std::string_view package) {
  for (const auto& part : split(package, '-'))
    if (part == "open") return true;
  return false;
}

}  // namespace dtenv
