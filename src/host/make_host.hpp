#pragma once

#include <memory>
#include <string>

#include "host/host.hpp"
#include "host/host_context.hpp"
#include "host/ssh_options.hpp"

namespace dtenv {

std::unique_ptr<Host> make_local_host(const HostContext& context, std::string name);
std::unique_ptr<Host> make_ssh_host(const HostContext& context, std::string name,
                                    SshOptions options);
/// Inside a container of the machine whose engine `docker` is; it must live longer.
std::unique_ptr<Host> make_container_host(Docker& docker, std::string container, std::string name);

}  // namespace dtenv
