#include "steps/launch_order.hpp"

#include <boost/json.hpp>

#include "base/json_reader.hpp"
#include "steps/launch_programs.hpp"

namespace dtenv {

namespace json = boost::json;

namespace {

json::array words_json(const std::vector<std::string>& words) {
  json::array list;
  for (const std::string& word : words) list.push_back(json::string(word));
  return list;
}

json::object node_json(const NodeCommand& node) {
  json::object object;
  object["name"] = node.name;
  object["argv"] = words_json(node.argv);
  json::array env;  // in order, and a name may come twice
  for (const auto& [name, value] : node.env) {
    env.push_back(json::string(name));
    env.push_back(json::string(value));
  }
  object["env"] = std::move(env);
  return object;
}

NodeCommand read_node(JsonReader& reader) {
  NodeCommand node;
  node.name = reader.string_or("name", "");
  node.argv = reader.strings("argv");
  const std::vector<std::string> env = reader.strings("env");
  for (std::size_t i = 0; i + 1 < env.size(); i += 2) node.env.emplace_back(env[i], env[i + 1]);
  return node;
}

}  // namespace

std::string write_order(const LaunchOrder& order) {
  json::object object;
  object["id"] = order.id;
  object["attempt"] = order.attempt;
  object["follow"] = order.follow;
  object["per_node"] = order.per_node;
  object["logs"] = order.logs;
  object["kept"] = order.kept;
  json::array nodes;
  for (const NodeCommand& node : order.nodes) nodes.push_back(node_json(node));
  object["nodes"] = std::move(nodes);
  std::vector<std::string> files;
  for (const LaunchFile& file : order.files) {
    files.push_back(file.node);
    files.push_back(file.path);
    files.push_back(file.text);
  }
  object["files"] = words_json(files);
  json::object interfaces;
  for (const auto& [node, name] : order.interfaces) interfaces[node] = name;
  object["interfaces"] = std::move(interfaces);
  object["rank_hosts"] = words_json(order.rank_hosts);
  return json::serialize(object);
}

Result<LaunchOrder> read_order(const std::string& text) {
  DT_TRY_ASSIGN(const JsonNode root, parse_json(text, "the launch order"));
  JsonReader reader(root, text);
  LaunchOrder order;
  order.id = reader.string_or("id", "");
  order.attempt = static_cast<int>(reader.integer_or("attempt", 1, 1 << 20, 1));
  order.follow = reader.boolean_or("follow", false);
  order.per_node = reader.boolean_or("per_node", false);
  order.logs = reader.string_or("logs", "");
  order.kept = reader.boolean_or("kept", false);
  for (JsonReader& node : reader.objects("nodes")) order.nodes.push_back(read_node(node));
  const std::vector<std::string> files = reader.strings("files");
  for (std::size_t i = 0; i + 2 < files.size(); i += 3)
    order.files.push_back({files[i], files[i + 1], files[i + 2]});
  for (auto& [node, name] : reader.string_map("interfaces")) order.interfaces[node] = name;
  order.rank_hosts = reader.strings("rank_hosts");
  DT_TRY(reader.result("the launch order"));
  return order;
}

std::string index_text(const LaunchOrder& order) {
  json::object index;
  index["run"] = order.id + "." + std::to_string(order.attempt);
  json::array ranks;
  for (std::size_t rank = 0; rank < order.rank_hosts.size(); ++rank) {
    const std::string file = "rank." + std::to_string(rank);
    json::object item;
    item["rank"] = rank;
    item["host"] = order.rank_hosts[rank];
    item["out"] = file + ".out";
    item["err"] = file + ".err";
    ranks.push_back(std::move(item));
  }
  index["ranks"] = std::move(ranks);
  return json::serialize(index) + "\n";
}

std::string run_folder(const LaunchOrder& order) {
  return std::string(launch_folder) + "/" + order.id + "." + std::to_string(order.attempt);
}

}  // namespace dtenv
