#include "formats/container_spec.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace dtenv {

namespace {

json::array texts(const std::vector<std::string>& words) {
  json::array array;
  for (const std::string& word : words) array.emplace_back(json::string(word));
  return array;
}

json::object map(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json::object object;
  for (const auto& [key, value] : pairs) object[key] = value;
  return object;
}

void put(json::object& object, std::string_view key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

void put(json::object& object, std::string_view key, const std::vector<std::string>& value) {
  if (!value.empty()) object[key] = texts(value);
}

void put(json::object& object, std::string_view key,
         const std::vector<std::pair<std::string, std::string>>& value) {
  if (!value.empty()) object[key] = map(value);
}

void put(json::object& object, std::string_view key, bool value) {
  if (value) object[key] = true;
}

template <class Number>
void put(json::object& object, std::string_view key, const std::optional<Number>& value) {
  if (value) object[key] = *value;
}

json::object mount(const MountSpec& spec) {
  json::object object;
  object["Type"] = spec.type;
  if (!spec.source.empty()) object["Source"] = spec.source;
  object["Target"] = spec.target;
  put(object, "ReadOnly", spec.read_only);
  json::object options;
  if (spec.type == "bind") {
    put(options, "Propagation", spec.propagation);
    put(options, "CreateMountpoint", spec.create_source);
    if (!options.empty()) object["BindOptions"] = std::move(options);
  } else if (spec.type == "volume") {
    put(options, "NoCopy", spec.no_copy);
    if (!options.empty()) object["VolumeOptions"] = std::move(options);
  } else {
    put(options, "SizeBytes", spec.tmpfs_size);
    put(options, "Mode", spec.tmpfs_mode);
    if (!options.empty()) object["TmpfsOptions"] = std::move(options);
  }
  return object;
}

void put_storage(json::object& host, const ContainerSpec& spec) {
  json::array binds;
  for (const VolumeOption& volume : spec.volumes)
    if (volume.kind != VolumeOption::Kind::anonymous) binds.emplace_back(json::string(volume.text));
  if (!binds.empty()) host["Binds"] = std::move(binds);
  json::array mounts;
  for (const MountSpec& one : spec.mounts) mounts.emplace_back(mount(one));
  if (!mounts.empty()) host["Mounts"] = std::move(mounts);
  put(host, "VolumesFrom", spec.volumes_from);
  put(host, "Tmpfs", spec.tmpfs);
  put(host, "ShmSize", spec.shm_size);
  put(host, "ReadonlyRootfs", spec.read_only);
  put(host, "StorageOpt", spec.storage_opt);
}

void put_network(json::object& host, const ContainerSpec& spec) {
  host["NetworkMode"] = spec.network;
  json::object bindings;
  for (const PortBinding& port : spec.ports) {
    json::object binding;
    binding["HostIp"] = port.host_ip;
    binding["HostPort"] = port.host_port;
    if (!bindings.contains(port.container)) bindings[port.container] = json::array();
    bindings[port.container].as_array().emplace_back(std::move(binding));
  }
  host["PortBindings"] = std::move(bindings);
  put(host, "PublishAllPorts", spec.publish_all);
  put(host, "ExtraHosts", spec.extra_hosts);
  put(host, "Dns", spec.dns);
  put(host, "DnsOptions", spec.dns_options);
  put(host, "DnsSearch", spec.dns_search);
  put(host, "Links", spec.links);
  put(host, "IpcMode", spec.ipc);
  put(host, "PidMode", spec.pid);
  put(host, "UTSMode", spec.uts);
  put(host, "UsernsMode", spec.userns);
  put(host, "CgroupnsMode", spec.cgroupns);
  put(host, "CgroupParent", spec.cgroup_parent);
}

void put_devices(json::object& host, const ContainerSpec& spec) {
  json::array requests;
  for (const GpuRequest& gpus : spec.gpus) requests.emplace_back(device_request(gpus));
  if (!spec.cdi_devices.empty()) {
    json::object request;
    request["Driver"] = "cdi";
    request["Count"] = 0;
    request["DeviceIDs"] = texts(spec.cdi_devices);
    requests.emplace_back(std::move(request));
  }
  if (!requests.empty()) host["DeviceRequests"] = std::move(requests);
  json::array devices;
  for (const DeviceSpec& device : spec.devices) {
    json::object one;
    one["PathOnHost"] = device.host;
    one["PathInContainer"] = device.container;
    one["CgroupPermissions"] = device.permissions;
    devices.emplace_back(std::move(one));
  }
  if (!devices.empty()) host["Devices"] = std::move(devices);
  put(host, "DeviceCgroupRules", spec.device_cgroup_rules);
  put(host, "Runtime", spec.runtime);
  put(host, "Isolation", spec.isolation);
}

void put_rights(json::object& host, const ContainerSpec& spec) {
  put(host, "CapAdd", spec.cap_add);
  put(host, "CapDrop", spec.cap_drop);
  put(host, "SecurityOpt", spec.security_opt);
  put(host, "GroupAdd", spec.group_add);
  put(host, "Sysctls", spec.sysctls);
  put(host, "Privileged", spec.privileged);
}

void put_limits(json::object& host, const ContainerSpec& spec) {
  json::array ulimits;
  for (const UlimitSpec& ulimit : spec.ulimits) {
    json::object one;
    one["Name"] = ulimit.name;
    one["Soft"] = ulimit.soft;
    one["Hard"] = ulimit.hard;
    ulimits.emplace_back(std::move(one));
  }
  if (!ulimits.empty()) host["Ulimits"] = std::move(ulimits);
  put(host, "Memory", spec.memory);
  put(host, "MemorySwap", spec.memory_swap);
  put(host, "MemoryReservation", spec.memory_reservation);
  put(host, "MemorySwappiness", spec.swappiness);
  put(host, "NanoCpus", spec.nano_cpus);
  put(host, "CpuShares", spec.cpu_shares);
  put(host, "CpuQuota", spec.cpu_quota);
  put(host, "CpuPeriod", spec.cpu_period);
  put(host, "CpusetCpus", spec.cpuset_cpus);
  put(host, "CpusetMems", spec.cpuset_mems);
  put(host, "PidsLimit", spec.pids_limit);
  put(host, "OomScoreAdj", spec.oom_score_adj);
  put(host, "OomKillDisable", spec.oom_kill_disable);
}

json::object host_config(const ContainerSpec& spec) {
  json::object host;
  put_storage(host, spec);
  put_network(host, spec);
  put_devices(host, spec);
  put_rights(host, spec);
  put_limits(host, spec);
  json::object policy;
  policy["Name"] = spec.restart;
  policy["MaximumRetryCount"] = spec.restart_retries;
  host["RestartPolicy"] = std::move(policy);
  put(host, "AutoRemove", spec.auto_remove);
  put(host, "Init", spec.init);
  if (spec.log_driver.empty() && spec.log_opts.empty()) return host;
  json::object log;
  log["Type"] = spec.log_driver;
  log["Config"] = map(spec.log_opts);
  host["LogConfig"] = std::move(log);
  return host;
}

json::object endpoints(const ContainerSpec& spec) {
  json::object networking;
  json::object networks;
  if (!spec.network_aliases.empty() || !spec.ip.empty() || !spec.ip6.empty()) {
    json::object endpoint;
    put(endpoint, "Aliases", spec.network_aliases);
    json::object ipam;
    put(ipam, "IPv4Address", spec.ip);
    put(ipam, "IPv6Address", spec.ip6);
    if (!ipam.empty()) endpoint["IPAMConfig"] = std::move(ipam);
    networks[spec.network] = std::move(endpoint);
  }
  networking["EndpointsConfig"] = std::move(networks);
  return networking;
}

}  // namespace

json::object device_request(const GpuRequest& gpus) {
  json::object request;
  request["Driver"] = gpus.driver;
  request["Count"] = gpus.count;
  if (gpus.device_ids.empty())
    request["DeviceIDs"] = nullptr;
  else
    request["DeviceIDs"] = texts(gpus.device_ids);
  json::array capabilities;
  capabilities.emplace_back(texts(gpus.capabilities));
  request["Capabilities"] = std::move(capabilities);
  json::object options;
  for (const auto& [key, value] : gpus.options) options[key] = value;
  request["Options"] = std::move(options);
  return request;
}

json::object container_create_body(const ContainerSpec& spec) {
  json::object body;
  body["Image"] = spec.image;
  put(body, "Hostname", spec.hostname);
  put(body, "Domainname", spec.domainname);
  put(body, "User", spec.user);
  body["AttachStdin"] = spec.attach && spec.open_stdin;
  body["AttachStdout"] = spec.attach;
  body["AttachStderr"] = spec.attach;
  body["Tty"] = spec.tty;
  body["OpenStdin"] = spec.open_stdin;
  body["StdinOnce"] = spec.attach && spec.open_stdin;
  put(body, "Env", spec.env);
  put(body, "Cmd", spec.command);
  if (spec.entrypoint) body["Entrypoint"] = texts(*spec.entrypoint);
  put(body, "WorkingDir", spec.workdir);
  put(body, "Labels", spec.labels);
  put(body, "StopSignal", spec.stop_signal);
  put(body, "StopTimeout", spec.stop_timeout);
  put(body, "MacAddress", spec.mac_address);
  json::object exposed;
  for (const PortBinding& port : spec.ports) exposed[port.container] = json::object();
  for (const std::string& port : spec.expose) exposed[port] = json::object();
  if (!exposed.empty()) body["ExposedPorts"] = std::move(exposed);
  json::object volumes;
  for (const VolumeOption& volume : spec.volumes)
    if (volume.kind == VolumeOption::Kind::anonymous) volumes[volume.target] = json::object();
  if (!volumes.empty()) body["Volumes"] = std::move(volumes);
  body["HostConfig"] = host_config(spec);
  body["NetworkingConfig"] = endpoints(spec);
  return body;
}

}  // namespace dtenv
