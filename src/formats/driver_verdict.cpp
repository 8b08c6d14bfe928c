#include "formats/driver_verdict.hpp"

#include <array>

#include "formats/driver_rules.hpp"

namespace dtenv {
namespace {

struct Rule {
  DriverState state;
  DriverRule applies;
};

constexpr std::array<Rule, 11> rule_table = {{
    {DriverState::no_gpu, rule_no_gpu},
    {DriverState::owned_by_other, rule_owned_by_other},
    {DriverState::needs_open, rule_needs_open},
    {DriverState::needs_proprietary, rule_needs_proprietary},
    {DriverState::not_built_for_kernel, rule_not_built},
    {DriverState::secure_boot, rule_secure_boot},
    {DriverState::not_loaded, rule_not_loaded},
    {DriverState::api_mismatch, rule_api_mismatch},
    {DriverState::fabric_mismatch, rule_fabric_mismatch},
    {DriverState::gpu_unhealthy, rule_gpu_unhealthy},
    {DriverState::driver_too_old_for, rule_driver_too_old},
}};

}  // namespace

std::string_view driver_state_name(DriverState state) {
  constexpr std::array<std::string_view, 12> names = {"no_gpu",
                                                      "owned_by_other",
                                                      "needs_open",
                                                      "needs_proprietary",
                                                      "not_built_for_kernel",
                                                      "secure_boot",
                                                      "not_loaded",
                                                      "api_mismatch",
                                                      "fabric_mismatch",
                                                      "gpu_unhealthy",
                                                      "driver_too_old_for",
                                                      "ok"};
  return names[static_cast<std::size_t>(state)];
}

DriverVerdict driver_verdict(const DriverFacts& facts, const DriverWish& wish) {
  DriverVerdict base;
  base.recommended = facts.recommended;
  base.version = facts.version();
  if (facts.loaded || facts.has_packages()) base.flavour = facts.is_open() ? "open" : "proprietary";
  for (const auto program :
       split_lines(facts.sources.hung ? *facts.sources.hung : std::string_view{}))
    if (!trim(program).empty())
      base.warnings.push_back(std::string(program) + " did not end in time: its answer is missing");
  for (const auto& rule : rule_table) {
    DriverVerdict verdict = base;
    verdict.state = rule.state;
    if (rule.applies(facts, wish, verdict)) return verdict;
  }
  base.state = DriverState::ok;
  warn_of_ok(facts, wish, base);
  return base;
}

std::optional<DriverVersion> driver_floor(std::string_view cuda) {
  struct Floor {
    int major, minor;
    DriverVersion driver;
  };
  // Of CUDA's release notes; from 11.1 on one floor serves a whole major version. Newest first.
  constexpr std::array<Floor, 12> floors = {{
      {13, 0, {580, 65, 6}},
      {12, 0, {525, 60, 13}},
      {11, 1, {450, 80, 2}},
      {11, 0, {450, 36, 6}},
      {10, 2, {440, 33, 0}},
      {10, 1, {418, 39, 0}},
      {10, 0, {410, 48, 0}},
      {9, 2, {396, 26, 0}},
      {9, 1, {390, 46, 0}},
      {9, 0, {384, 81, 0}},
      {8, 0, {375, 26, 0}},
      {7, 5, {352, 31, 0}},
  }};
  const auto parts = split(cuda, '.');
  if (parts.empty() || parts.size() > 3) return std::nullopt;
  const auto major = parse_integer(parts[0], 7, 13);
  const auto minor =
      parts.size() > 1 ? parse_integer(parts[1], 0, 99) : std::optional<std::int64_t>(0);
  if (!major || !minor) return std::nullopt;
  for (const auto& floor : floors)
    if (*major > floor.major || (*major == floor.major && *minor >= floor.minor))
      return floor.driver;
  return std::nullopt;
}

DriverWish driver_wish(std::optional<DriverVersion> min_driver, const std::string& cuda) {
  DriverWish wish;
  wish.min_driver = min_driver;
  const auto floor = driver_floor(cuda);
  if (!floor || (min_driver && *min_driver >= *floor)) return wish;
  wish.min_driver = floor;
  wish.cuda = cuda;
  return wish;
}

}  // namespace dtenv
