#pragma once

#include <optional>
#include <string>

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
    std::optional<DriverVersion> min_driver;
    std::string root;  ///< a prefix before every path that is read: a recorded machine
    std::string path;  ///< PATH of the programs asked; empty: the machine's own
  };
  struct Facts {
    DriverVerdict verdict;
    int gpus = 0;                 ///< usable ones where the driver answers, else the devices
    bool driver_missing = false;  ///< no package and no module of it
    bool has_apt = false;
    std::string kernel;
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

/// Reads every source a verdict needs, none for longer than a few seconds. A machine without an
/// NVIDIA device is asked for nothing more.
Task<Result<DriverSources>> read_driver_sources(const DriverCheck::Config& config, Target& target);

}  // namespace dtenv
