#include "formats/launch_files.hpp"

#include "formats/ssh_config.hpp"

namespace dtenv {

Result<std::vector<LaunchFile>> launch_files(const LaunchRequest& request,
                                             HostfileDialect dialect) {
  std::vector<LaunchFile> files;
  std::vector<HostEntry> hosts;
  for (const LaunchHost& host : request.hosts) {
    HostEntry entry;
    entry.name = host.name;
    entry.slots = host.slots;
    hosts.push_back(std::move(entry));
  }
  DT_TRY_ASSIGN(RenderedHostfile hostfile, render_hostfile(hosts, dialect));
  files.push_back({"", request.hostfile, std::move(hostfile.text)});
  if (request.ssh_config.empty()) return files;
  std::vector<SshConfigHost> dialled;
  for (const LaunchHost& host : request.hosts)
    dialled.push_back(
        {host.name, host.address.empty() ? host.name : host.address, host.port, host.user});
  SshConfigOptions options;
  options.identity_file = request.identity_file;
  options.known_hosts_file = request.known_hosts_file;
  DT_TRY_ASSIGN(std::string config, render_ssh_config(dialled, options));
  files.push_back({"", request.ssh_config, std::move(config)});
  return files;
}

void add_nccl_files(const LaunchRequest& request, std::vector<LaunchFile>& files) {
  for (const LaunchHost& host : request.hosts)
    // The second "=": this name alone, not all that begin with it.
    if (!host.interface.empty())
      files.push_back(
          {host.name, "/etc/nccl.conf", "NCCL_SOCKET_IFNAME==" + host.interface + "\n"});
}

}  // namespace dtenv
