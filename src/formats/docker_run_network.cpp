#include "base/text.hpp"
#include "formats/docker_run_options.hpp"

namespace dtenv {

namespace {

using State = DockerRunState;
using Text = const std::string&;

Error bad(std::string message, std::string hint = {}) {
  Problem problem{"", 0, 0, message, std::move(hint)};
  return {Status::config, std::move(message), {std::move(problem)}};
}

/// An option whose value goes into one string of the spec.
template <std::string ContainerSpec::*field>
Result<void> keep(Text text, State& state) {
  if (text.empty()) return bad("an empty value");
  state.spec.*field = text;
  return {};
}

template <std::vector<std::string> ContainerSpec::*field>
Result<void> add(Text text, State& state) {
  if (text.empty()) return bad("an empty value");
  (state.spec.*field).push_back(text);
  return {};
}

Result<void> add_ports(Text text, State& state) {
  DT_TRY_ASSIGN(const auto ports, parse_port_option(text));
  state.spec.ports.insert(state.spec.ports.end(), ports.begin(), ports.end());
  return {};
}

Result<void> add_expose(Text text, State& state) {
  if (text.find(':') != std::string::npos)
    return bad("invalid port format for --expose: " + visible(text));
  DT_TRY_ASSIGN(const auto ports, parse_port_option(text));
  for (const PortBinding& port : ports) state.spec.expose.push_back(port.container);
  return {};
}

Result<void> add_host(Text text, State& state) {
  DT_TRY_ASSIGN(auto host, parse_extra_host(text));
  state.spec.extra_hosts.push_back(std::move(host));
  return {};
}

Result<void> set_publish_all(Text on, State& state) {
  state.spec.publish_all = on == "true";
  return {};
}

}  // namespace

std::vector<DockerRunOption> docker_run_network_options() {
  using Spec = ContainerSpec;
  return {
      {"network", 0, true, keep<&Spec::network>},
      {"net", 0, true, keep<&Spec::network>},
      {"network-alias", 0, true, add<&Spec::network_aliases>},
      {"net-alias", 0, true, add<&Spec::network_aliases>},
      {"ip", 0, true, keep<&Spec::ip>},
      {"ip6", 0, true, keep<&Spec::ip6>},
      {"mac-address", 0, true, keep<&Spec::mac_address>},
      {"link", 0, true, add<&Spec::links>},
      {"publish", 'p', true, add_ports},
      {"publish-all", 'P', false, set_publish_all},
      {"expose", 0, true, add_expose},
      {"add-host", 0, true, add_host},
      {"dns", 0, true, add<&Spec::dns>},
      {"dns-opt", 0, true, add<&Spec::dns_options>},
      {"dns-option", 0, true, add<&Spec::dns_options>},
      {"dns-search", 0, true, add<&Spec::dns_search>},
      {"ipc", 0, true, keep<&Spec::ipc>},
      {"pid", 0, true, keep<&Spec::pid>},
      {"uts", 0, true, keep<&Spec::uts>},
      {"userns", 0, true, keep<&Spec::userns>},
      {"cgroupns", 0, true, keep<&Spec::cgroupns>},
      {"cgroup-parent", 0, true, keep<&Spec::cgroup_parent>},
  };
}

}  // namespace dtenv
