#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/text.hpp"
#include "eval_functions.hpp"
#include "formats/authorized_keys.hpp"
#include "formats/known_hosts.hpp"
#include "formats/managed_block.hpp"
#include "formats/ssh_config.hpp"

namespace dtenv::capi {
namespace {

int read_port(JsonReader& node, int fallback) {
  return static_cast<int>(node.integer_or("port", 1, 65535, fallback));
}

/// Names the managed block; the document's cluster by default.
std::string read_tag(JsonReader& arguments) {
  const std::string tag = arguments.string_or("cluster", "dtenv");
  if (!is_block_tag(tag))
    arguments.problem("cluster", "letters, digits, \".\", \"_\" and \"-\" expected, 64 at most");
  return tag;
}

std::optional<PublicKey> read_key(JsonReader& reader, std::string_view key,
                                  const std::string& line) {
  auto parsed = parse_public_key(line);
  if (parsed) return std::move(*parsed);
  const Problem& problem = parsed.error().detail.front();
  reader.problem(key, problem.problem, problem.hint);
  return std::nullopt;
}

std::vector<JsonReader> read_nodes(JsonReader& arguments) {
  if (!arguments.has("nodes")) arguments.problem("nodes", "missing");
  return arguments.objects("nodes");
}

Result<json::value> with_text(std::string text) {
  json::object result;
  result["text"] = to_utf8(text);
  return json::value(std::move(result));
}

/// A key of the list: its line, or {"key": line, "options": [word…]}.
std::vector<AuthorizedKey> read_keys(JsonReader& arguments) {
  std::vector<AuthorizedKey> keys;
  const JsonNode* list = arguments.value("keys");
  if (!list) arguments.problem("keys", "missing");
  const bool objects = list && list->is(JsonNode::Kind::array) && !list->items.empty() &&
                       list->items.front().is(JsonNode::Kind::object);
  if (!objects) {
    for (const std::string& line : arguments.strings("keys"))
      if (auto key = read_key(arguments, "keys", line)) keys.push_back({std::move(*key), {}});
    return keys;
  }
  for (JsonReader& reader : arguments.objects("keys")) {
    const std::string line = reader.required_string("key");
    std::vector<std::string> options = reader.strings("options");
    reader.finish();
    if (line.empty()) continue;
    if (auto key = read_key(reader, "key", line))
      keys.push_back({std::move(*key), std::move(options)});
  }
  return keys;
}

}  // namespace

Result<json::value> eval_ssh_config_render(JsonReader& arguments) {
  std::vector<SshConfigHost> hosts;
  for (JsonReader& reader : read_nodes(arguments)) {
    SshConfigHost host;
    host.name = reader.required_string("name");
    host.address = reader.string_or("address", host.name);
    host.port = read_port(reader, 22);
    host.user = reader.string_or("user", host.user);
    reader.finish();
    hosts.push_back(std::move(host));
  }
  SshConfigOptions options;
  options.identity_file = arguments.string_or("identity_file", "");
  options.known_hosts_file = arguments.string_or("known_hosts_file", "");
  const auto existing = arguments.string("text");
  const std::string tag = read_tag(arguments);
  DT_TRY(arguments.result("ssh_config.render"));
  DT_TRY_ASSIGN(std::string text, existing ? merge_ssh_config(*existing, hosts, options, tag)
                                           : render_ssh_config(hosts, options));
  return with_text(std::move(text));
}

Result<json::value> eval_known_hosts_render(JsonReader& arguments) {
  std::vector<KnownHost> hosts;
  for (JsonReader& reader : read_nodes(arguments)) {
    KnownHost host;
    host.name = reader.required_string("name");
    host.address = reader.string_or("address", "");
    host.port = read_port(reader, 22);
    if (!reader.has("host_keys")) reader.problem("host_keys", "missing");
    for (const std::string& line : reader.string_or_strings("host_keys"))
      if (auto key = read_key(reader, "host_keys", line)) host.keys.push_back(std::move(*key));
    reader.finish();
    hosts.push_back(std::move(host));
  }
  DT_TRY(arguments.result("known_hosts.render"));
  DT_TRY_ASSIGN(std::string text, render_known_hosts(hosts));
  return with_text(std::move(text));
}

Result<json::value> eval_authorized_keys_merge(JsonReader& arguments) {
  const std::string existing = arguments.string_or("text", "");
  const std::vector<AuthorizedKey> keys = read_keys(arguments);
  const std::string tag = read_tag(arguments);
  DT_TRY(arguments.result("authorized_keys.merge"));
  DT_TRY_ASSIGN(MergedKeys merged, merge_authorized_keys(existing, keys, tag));
  json::array notes;
  for (const std::string& note : merged.notes) notes.emplace_back(json::string(note));
  json::object result;
  result["text"] = std::move(merged.text);
  result["notes"] = std::move(notes);
  return json::value(std::move(result));
}

}  // namespace dtenv::capi
