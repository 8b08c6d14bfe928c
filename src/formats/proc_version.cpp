#include "formats/proc_version.hpp"

#include "base/text.hpp"
#include "formats/driver_version.hpp"

namespace dtenv {
namespace {

constexpr std::string_view version_head = "NVRM version: NVIDIA UNIX ";
constexpr std::string_view open_module = "Open Kernel Module for ";
constexpr std::string_view closed_module = " Kernel Module";

/// The part up to the two blanks that part the fields; `rest` is moved behind them.
std::string_view take_field(std::string_view& rest) {
  const auto end = rest.find("  ");
  const auto field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : trim(rest.substr(end));
  return trim(field);
}

/// "Release Build  (user)  date" or just the date.
void read_rest(std::string_view rest, ProcVersion& out) {
  while (!rest.empty()) {
    const auto field = take_field(rest);
    if (field.size() > 2 && field.front() == '(' && field.back() == ')')
      out.build_user = std::string(field.substr(1, field.size() - 2));
    else if (!starts_with(field, "Release") && !starts_with(field, "Debug"))
      out.date = std::string(field);
  }
}

std::optional<ProcVersion> parse_line(std::string_view line) {
  if (!starts_with(line, version_head)) return std::nullopt;
  auto rest = line.substr(version_head.size());
  ProcVersion out;
  const auto module = take_field(rest);
  if (starts_with(module, open_module)) {
    out.open = true;
    out.arch = std::string(trim(module.substr(open_module.size())));
  } else if (ends_with(module, closed_module)) {
    out.arch = std::string(module.substr(0, module.size() - closed_module.size()));
  } else {
    return std::nullopt;
  }
  const auto version = take_field(rest);
  if (out.arch.empty() || !parse_driver_version(version)) return std::nullopt;
  out.version = std::string(version);
  read_rest(rest, out);
  return out;
}

}  // namespace

std::optional<ProcVersion> parse_proc_version(std::string_view text) {
  for (const auto line : split_lines(text))
    if (auto found = parse_line(line)) return found;
  return std::nullopt;
}

}  // namespace dtenv
