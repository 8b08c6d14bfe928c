#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "steps/step.hpp"

namespace dtenv {

/// Starts the training in the head's container and follows it to its end: the manual's part 四.c.
/// It acts rather than converges: a run has an id, outlives its follower, and is never started
/// twice.
struct Launch {
  static constexpr std::string_view kind = "launch";
  static constexpr bool whole_cluster = true;

  struct Config {
    std::string engine = "script";
    bool smoke = false;  ///< an all-reduce of our own instead of a command
    Argv command;
    std::string workdir = "/";
    std::vector<std::string> same_paths;  ///< must be equal on every node before anything starts
    Environ env;
    std::string head;          ///< empty: the first node
    std::string container;     ///< empty: container_run's
    std::string hostfile;      ///< empty: hostfile_writer's
    std::optional<int> ranks;  ///< openmpi: nullopt: all slots
    int master_port = 29500;
    std::string log_folder;              ///< where every rank's output is kept; empty: nowhere
    std::optional<Duration> unattended;  ///< how long it goes on unfollowed; nullopt: for ever
    std::optional<Duration> timeout;     ///< of the whole run; nullopt: none
  };
  struct Run {
    std::string name;   ///< ID.ATTEMPT
    std::string state;  ///< "running", "exited" or "lost"
    int exit_code = 0;
    friend bool operator==(const Run&, const Run&) = default;
  };
  struct Facts {
    std::string container;
    std::string container_id;
    std::string image_id;
    bool running = false;
    std::vector<Run> runs;                         ///< in this machine's container
    std::map<std::string, std::string> manifests;  ///< by path; absent: the path is not there
    std::string hostfile;
    std::map<std::string, std::string> found;  ///< what facts_program told, by its key
    double skew_s = 0;                         ///< this container's clock against the controller's
    int slots = 1;                             ///< as hostfile_writer published them
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static Task<Result<void>> stop(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

}  // namespace dtenv
