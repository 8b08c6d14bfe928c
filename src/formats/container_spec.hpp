#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/gpus_option.hpp"
#include "formats/port_option.hpp"
#include "formats/volume_option.hpp"

namespace dtenv {

namespace json = boost::json;

/// One entry of `--mount`, or a volume given to the Mounts API, which checks its source.
struct MountSpec {
  std::string type = "bind";  ///< "bind", "volume", "tmpfs"
  std::string source;
  std::string target;
  bool read_only = false;
  bool create_source = false;  ///< of a bind (API 1.42 on); else the source must exist
  std::string propagation;
  bool no_copy = false;
  std::optional<std::int64_t> tmpfs_size;
  std::optional<std::int64_t> tmpfs_mode;
};

struct UlimitSpec {
  std::string name;
  std::int64_t soft = 0;  ///< -1: no limit
  std::int64_t hard = 0;
};

struct DeviceSpec {
  std::string host;
  std::string container;
  std::string permissions = "rwm";
};

/// A container as it is to be made: what docker's command line and our documents both come to.
struct ContainerSpec {
  std::string image;
  std::vector<std::string> command;
  std::optional<std::vector<std::string>> entrypoint;
  std::string hostname, domainname, user, workdir, stop_signal, platform;
  std::optional<int> stop_timeout;
  std::vector<std::string> env;  ///< "NAME=value"
  std::vector<std::pair<std::string, std::string>> labels;
  bool attach = false, tty = false, open_stdin = false;

  std::string network = "default", ipc, pid, uts, userns, cgroupns, cgroup_parent;
  std::string ip, ip6, mac_address;
  std::vector<std::string> network_aliases, links;
  std::vector<PortBinding> ports;
  std::vector<std::string> expose;
  bool publish_all = false;
  std::vector<std::string> extra_hosts, dns, dns_options, dns_search;

  std::vector<VolumeOption> volumes;  ///< go into Binds: a missing source is made by the engine
  std::vector<MountSpec> mounts;      ///< go into Mounts: a missing source is an error
  std::vector<std::string> volumes_from;
  std::vector<std::pair<std::string, std::string>> tmpfs;
  std::optional<std::int64_t> shm_size;
  bool read_only = false;

  std::string runtime, isolation;
  std::vector<GpuRequest> gpus;
  std::vector<std::string> cdi_devices;  ///< "nvidia.com/gpu=0"
  std::vector<DeviceSpec> devices;
  std::vector<std::string> device_cgroup_rules;
  std::vector<std::string> cap_add, cap_drop, security_opt, group_add;
  std::vector<std::pair<std::string, std::string>> sysctls, storage_opt;
  bool privileged = false;

  std::vector<UlimitSpec> ulimits;
  std::optional<std::int64_t> memory, memory_swap, memory_reservation, nano_cpus, cpu_shares,
      cpu_quota, cpu_period, pids_limit, swappiness;
  std::string cpuset_cpus, cpuset_mems;
  std::optional<int> oom_score_adj;
  bool oom_kill_disable = false;

  std::string restart = "no";
  int restart_retries = 0;
  bool auto_remove = false;
  std::optional<bool> init;
  std::string log_driver;
  std::vector<std::pair<std::string, std::string>> log_opts;
};

/// The body of POST /containers/create.
json::object container_create_body(const ContainerSpec& spec);

/// A DeviceRequest of the Engine API.
json::object device_request(const GpuRequest& gpus);

}  // namespace dtenv
