#include "host/make_host.hpp"

#include "host/container_host.hpp"
#include "host/local_host.hpp"
#include "host/ssh_host.hpp"

namespace dtenv {

std::unique_ptr<Host> make_local_host(const HostContext& context, std::string name) {
  return std::make_unique<LocalHost>(context, std::move(name));
}

std::unique_ptr<Host> make_ssh_host(const HostContext& context, std::string name,
                                    SshOptions options) {
  return std::make_unique<SshHost>(context, std::move(name), std::move(options));
}

std::unique_ptr<Host> make_container_host(Docker& docker, std::string container, std::string name) {
  return std::make_unique<ContainerHost>(docker, std::move(container), std::move(name));
}

}  // namespace dtenv
