#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/apt_source.hpp"
#include "formats/daemon_json_merge.hpp"
#include "formats/deb_file.hpp"
#include "formats/os_release.hpp"
#include "steps/docker_engine_info.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// Brings a Docker Engine onto the machine and its daemon.json to what is wanted, nothing foreign
/// lost: the manual's parts 一.1, 一.2 and the daemon's half of 一.4.
struct DockerConfig {
  static constexpr std::string_view kind = "docker_config";
  static constexpr bool whole_cluster = false;

  enum class Install { never, if_missing };
  enum class Source { distribution, docker_ce };

  /// Where packages come from; what is empty is the vendor's own.
  struct Repository {
    std::string url;
    std::string key_url;
    std::string key;  ///< the key itself, armoured, instead of key_url
    std::string fingerprint;
    std::string suite;
    std::string component;
  };
  /// nvidia-container-toolkit, the successor of nvidia-docker2.
  struct Toolkit {
    bool wanted = false;
    Install install = Install::if_missing;
    bool everywhere = false;  ///< false: on machines with an NVIDIA GPU
    Repository repository;
    std::string folder;  ///< of .deb files; empty: the repository
  };
  struct Runtime {
    std::string name;
    std::string path;
    std::vector<std::string> args;
  };
  struct Config {
    Install install = Install::if_missing;
    Source source = Source::distribution;
    Repository repository;
    std::string folder;  ///< of .deb files on each machine; empty: the network
    Duration lock_timeout = std::chrono::minutes(10);  ///< of a lock of apt's or dpkg's
    Toolkit toolkit;
    std::vector<std::string> mirrors;
    bool replace_mirrors = false;
    std::vector<Runtime> runtimes;
    std::string default_runtime;
    std::vector<std::string> insecure_registries;
    std::optional<bool> live_restore;
    bool cdi = false;
    std::vector<std::pair<JsonPath, std::string>> options;  ///< and the value's JSON text
    std::string config_file;                                ///< empty: the one the daemon reads
  };

  /// What one machine says.
  struct Facts {
    OsRelease os;
    std::string architecture;
    bool root = false;
    bool systemd = false;
    std::map<std::string, std::string> packages;  ///< installed ones that matter, with versions
    std::vector<std::string> shims;               ///< containerd's containers, by namespace and id
    bool gpu = false;                             ///< an NVIDIA one
    std::string toolkit;                          ///< version of nvidia-ctk; empty: none answers
    bool selinux_denies_devices = false;          ///< enforcing, and container_use_devices is off
    std::string cdi_refresh;  ///< "enabled", "disabled" of NVIDIA's unit; empty: there is none

    bool engine = false;
    std::string engine_problem;  ///< why none answers
    EngineInfo info;
    std::vector<std::string> containers;  ///< "web (image nginx:1, Up 3 days)", those that run

    int daemon_pid = 0;  ///< of the process that holds the socket; 0: not found
    Argv daemon_argv;    ///< its words, or the unit's where none runs
    std::string daemon_unit = "docker.service";
    bool rootless = false;  ///< a user's own daemon
    std::string config_file;
    std::optional<std::string> config_text;  ///< nullopt: there is no such file
    std::string pending;  ///< "reload" or "restart": an earlier apply was cut short before it

    Keyrings keyrings;               ///< those that apt's files name, and our own
    std::vector<AptFile> apt_files;  ///< of /etc/apt, and our file of /etc/yum.repos.d
    std::map<std::string, std::vector<DebFile>> folders;  ///< of packages; absent: no such folder
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

}  // namespace dtenv
