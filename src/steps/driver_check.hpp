#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/driver_verdict.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// Judges each machine's NVIDIA driver and, where told to, installs or repairs it: the manual's
/// part 一.3.
struct DriverCheck {
  static constexpr std::string_view kind = "driver_check";
  static constexpr bool whole_cluster = false;

  enum class Install { never, if_missing, repair };
  struct Config {
    Install install = Install::never;
    bool require_gpu = false;
    bool hold = true;  ///< keep unattended upgrades off the driver
    DriverWish wish;
    Duration source_deadline = std::chrono::seconds(5);  ///< of each that is asked
    std::string root;  ///< a prefix before every path that is read: a recorded machine
    std::string path;  ///< PATH of the programs asked; empty: the machine's own
  };
  struct Facts {
    DriverVerdict verdict;
    std::vector<Argv> pending;    ///< of the verdict's repair, what has not been done yet
    std::vector<Argv> hold;       ///< what would keep a sound driver as it is
    int gpus = 0;                 ///< usable ones where the driver answers, else the devices
    bool driver_missing = false;  ///< no package and no module of it
    bool can_install = false;     ///< apt or dnf, and the names of its packages, are known
    std::string kernel;
    json::object details;  ///< for the report: devices, NVML, Secure Boot, the next kernel
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

/// Reads every source a verdict needs, each with a deadline. A machine without an NVIDIA device is
/// asked for nothing more than that.
Task<Result<DriverSources>> read_driver_sources(const DriverCheck::Config& config, Target& target);

}  // namespace dtenv
