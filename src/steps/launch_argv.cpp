#include "formats/launch_command.hpp"
#include "steps/launch_plan.hpp"

namespace dtenv {

Result<void> fill_command(const Launch::Config& config, const Cluster<Launch::Facts>& cluster,
                          LaunchOrder& order) {
  const Launch::Facts& head = *cluster.find(launch_head(config, cluster));
  LaunchRequest request;
  request.engine = config.engine;
  request.engine_version = head.mpi_version;
  request.command = config.command;
  request.env = config.env;
  request.env.emplace_back("DTENV_JOB", order.id);
  request.master_port = config.master_port;
  request.ranks = config.ranks.value_or(0);
  request.hostfile = head.hostfile;
  request.ssh_config.clear();  // key_exchange wrote ~/.ssh/config
  for (const auto& machine : cluster.machines) {
    const auto slots = head.slots.find(machine.node->name);
    LaunchHost host;
    host.name = machine.node->name;
    host.address = machine.node->address;
    host.slots = slots == head.slots.end() ? 1 : slots->second;
    request.hosts.push_back(std::move(host));
  }
  if (config.engine == "openmpi") {
    for (const auto& machine : cluster.machines)
      if (machine.facts.mpi_version != head.mpi_version || head.mpi_version.empty())
        return Error(Status::state,
                     "launch: Open MPI's mpirun is " +
                         (machine.facts.mpi_version.empty()
                              ? std::string("not in the container of ")
                              : machine.facts.mpi_version + " in the container of ") +
                         machine.node->name + " and " +
                         (head.mpi_version.empty() ? "needed" : head.mpi_version) + " on the head");
    if (head.hostfile.empty())
      return Error(Status::config,
                   "launch: no hostfile: give \"hostfile\", or a hostfile_writer before it");
  }
  DT_TRY_ASSIGN(LaunchCommand command, launch_command(request));
  order.argv = std::move(command.argv);
  order.env = std::move(command.env);
  order.rank_hosts = rank_hosts(request);
  return {};
}

}  // namespace dtenv
