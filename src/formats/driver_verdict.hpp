#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "formats/driver_facts.hpp"
#include "formats/driver_version.hpp"

namespace dtenv {

/// The first that applies, in this order.
enum class DriverState {
  no_gpu,
  owned_by_other,
  needs_open,
  needs_proprietary,
  not_built_for_kernel,
  secure_boot,
  not_loaded,
  api_mismatch,
  fabric_mismatch,
  gpu_unhealthy,
  driver_too_old_for,
  ok,
};
std::string_view driver_state_name(DriverState state);

struct DriverVerdict {
  DriverState state = DriverState::no_gpu;
  std::string flavour;      ///< "open", "proprietary"; empty: not known
  std::string version;      ///< empty: none
  std::string recommended;  ///< the package `ubuntu-drivers` recommends; empty: not told
  std::vector<std::string> evidence;
  std::vector<std::string> warnings;  ///< what an ok machine should still mind
  std::vector<Argv> repair;           ///< in order; empty: nothing a command mends
  bool needs_reboot = false;
};

struct DriverWish {
  std::optional<DriverVersion> min_driver;
  std::string cuda;  ///< "12.4": whose floor min_driver is; empty: of no CUDA
};

/// The oldest driver (Linux) that serves a CUDA version; nullopt: no version that is known.
std::optional<DriverVersion> driver_floor(std::string_view cuda);
/// What is asked for: the newer of the two floors. `min_driver` may be nullopt, `cuda` empty.
DriverWish driver_wish(std::optional<DriverVersion> min_driver, const std::string& cuda);

DriverVerdict driver_verdict(const DriverFacts& facts, const DriverWish& wish = {});

}  // namespace dtenv
