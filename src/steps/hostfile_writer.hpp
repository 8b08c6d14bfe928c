#pragma once

#include <optional>
#include <string>

#include "formats/hostfile.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// Writes the launcher's hostfile into every training container: the manual's part 四.a.
struct HostfileWriter {
  static constexpr std::string_view kind = "hostfile_writer";
  static constexpr bool whole_cluster = true;

  struct Config {
    std::string path = "/data/hostfile";  ///< inside the container
    HostfileDialect dialect = HostfileDialect::deepspeed;
    std::string container;  ///< empty: container_run's
    bool adopt = false;     ///< overwrite a file that is somebody's own
  };
  struct Facts {
    std::string container;
    bool running = false;
    SharedText text;          ///< the file as it is; null: absent, or no container yet
    std::optional<int> gpus;  ///< found on the machine; nullopt: not known
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Result<Plan> plan_destroy(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

}  // namespace dtenv
