#include <algorithm>
#include <map>

#include "engine/environment.hpp"
#include "formats/host_name.hpp"

namespace dtenv {

namespace {

/// The `ssh` object of a node over the document's defaults.
SshOptions parse_ssh(std::optional<JsonReader> object, SshOptions options) {
  if (!object) return options;
  JsonReader& reader = *object;
  const auto text = [&](std::string_view key, std::string& field) {
    if (const auto value = reader.string(key)) {
      field = *value;
      if (!field.empty() && field[0] == '-') reader.problem(key, "must not begin with \"-\"");
    }
  };
  text("host", options.host);
  text("user", options.user);
  text("identity_file", options.identity_file);
  text("config_file", options.config_file);
  text("known_hosts_file", options.known_hosts_file);
  text("jump", options.jump);
  text("kex_algorithms", options.kex_algorithms);
  if (!options.user.empty())
    if (const auto bad = user_name_problem(options.user)) reader.problem("user", *bad);
  if (const auto port = reader.integer("port", 1, 65535)) options.port = static_cast<int>(*port);
  if (reader.has("host_keys")) options.host_keys = reader.string_or_strings("host_keys");
  options.sudo = reader.boolean_or("sudo", options.sudo);
  options.connect_timeout = reader.duration_or("connect_timeout", options.connect_timeout);
  reader.finish();
  return options;
}

std::optional<int> parse_slots(JsonReader& reader) {
  const JsonNode* found = reader.value("slots");
  if (!found || (found->is(JsonNode::Kind::string) && found->text == "auto")) return std::nullopt;
  const auto number = reader.integer("slots", 0, 4096);
  return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

Node parse_node(JsonReader& reader, const SshOptions& defaults) {
  Node node;
  node.name = reader.required_string("name");
  if (!node.name.empty())
    if (const auto bad = host_name_problem(node.name)) reader.problem("name", *bad);
  node.local = reader.boolean_or("local", false);
  if (const auto address = reader.string("address")) {
    node.address = *address;
    if (const auto bad = host_name_problem(node.address)) reader.problem("address", *bad);
  } else if (!node.local) {
    reader.problem("address", "missing",
                   "give the address the other nodes reach it at, or \"local\": true");
  }
  node.ssh = parse_ssh(reader.object("ssh"), defaults);
  if (node.ssh.host.empty()) node.ssh.host = node.address;
  node.slots = parse_slots(reader);
  node.container_ssh_port =
      static_cast<int>(reader.integer_or("container_ssh_port", 1, 65535, node.container_ssh_port));
  node.container_user = reader.string_or("container_user", node.container_user);
  if (const auto bad = user_name_problem(node.container_user))
    reader.problem("container_user", *bad);
  reader.finish();
  return node;
}

/// Two machines under one name or one address and port would overwrite each other's files.
void check_unique(const Node& node, JsonReader& reader, std::map<std::string, std::string>& seen) {
  const auto [name, fresh] = seen.emplace("name " + lower(node.name), node.name);
  if (!fresh && !node.name.empty())
    reader.problem("name", "\"" + node.name + "\" a second time", "every node needs its own name");
  if (node.address.empty()) return;
  const std::string place = node.address + ":" + std::to_string(node.container_ssh_port);
  const auto [other, free] = seen.emplace("place " + place, node.name);
  if (!free)
    reader.problem("container_ssh_port", place + " is " + other->second + "'s too",
                   "two containers on one address need two ports");
}

}  // namespace

std::vector<Node> parse_nodes(JsonReader& document) {
  std::vector<Node> nodes;
  SshOptions initial;
  const SshOptions defaults = parse_ssh(document.object("ssh"), initial);
  if (!document.has("nodes"))
    document.problem("nodes", "missing", "list the machines: \"nodes\": [{\"name\": …}]");
  std::map<std::string, std::string> seen;
  for (JsonReader& reader : document.objects("nodes")) {
    nodes.push_back(parse_node(reader, defaults));
    check_unique(nodes.back(), reader, seen);
  }
  const auto local =
      std::count_if(nodes.begin(), nodes.end(), [](const Node& n) { return n.local; });
  if (local > 1) document.problem("nodes", "more than one node is this machine itself");
  if (document.has("nodes") && nodes.empty() && !document.failed())
    document.problem("nodes", "names no machine");
  return nodes;
}

}  // namespace dtenv
