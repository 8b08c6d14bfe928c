#include "eval.hpp"

#include <boost/json/serialize.hpp>
#include <string_view>

#include "base/text.hpp"
#include "eval_functions.hpp"
#include "guard.hpp"
#include "texts.hpp"

namespace dtenv::capi {
namespace {

struct EvalRow {
  std::string_view name;
  Result<json::value> (*run)(JsonReader& arguments);
};

Result<json::value> eval_list(JsonReader&) {
  json::array names;
  for (const std::string& name : eval_names()) names.push_back(json::string(name));
  json::object list;
  list["functions"] = std::move(names);
  return json::value(std::move(list));
}

constexpr EvalRow rows[] = {
    {"hostfile.parse", eval_hostfile_parse},
    {"hostfile.render", eval_hostfile_render},
    {"hostfile.filter", eval_hostfile_filter},
    {"hostfile.doctor", eval_hostfile_doctor},
    {"daemon_json.merge", eval_daemon_json_merge},
    {"dockerignore.match", eval_dockerignore_match},
    {"docker_run.parse", eval_docker_run_parse},
    {"gpus.parse", eval_gpus_parse},
    {"size.parse", eval_size_parse},
    {"port.parse", eval_port_parse},
    {"dockerfile.render", eval_dockerfile_render},
    {"dockerfile.lint", eval_dockerfile_lint},
    {"driver.verdict", eval_driver_verdict},
    {"explain", eval_explain},
    {"ssh_config.render", eval_ssh_config_render},
    {"known_hosts.render", eval_known_hosts_render},
    {"authorized_keys.merge", eval_authorized_keys_merge},
    {"launch.command", eval_launch_command},
    {"list", eval_list},
};

Result<const EvalRow*> find_row(std::string_view name) {
  for (const EvalRow& row : rows)
    if (row.name == name) return &row;
  Problem problem;
  problem.problem = "no function is called \"" + visible(name) + "\"";
  const std::vector<std::string> names = eval_names();
  const auto near = nearest(name, names);
  problem.hint = near ? "did you mean \"" + *near + "\"?" : "known: " + join(names, ", ");
  return Error{Status::not_found, "dtenv_eval: " + problem.problem, {problem}};
}

Result<json::value> call(const EvalRow& row, std::string_view text) {
  const std::string name(row.name);
  DT_TRY_ASSIGN(const JsonNode root, parse_json(text, name + ": the arguments"));
  JsonReader arguments(root, text);
  DT_TRY(arguments.result(name));
  auto value = row.run(arguments);
  // An adapter that stopped early has not asked for all its keys: they are not unknown then.
  if (value) arguments.finish();
  DT_TRY(arguments.result(name));
  return value;
}

}  // namespace

std::vector<std::string> eval_names() {
  std::vector<std::string> names;
  for (const EvalRow& row : rows)
    if (row.name != "list") names.emplace_back(row.name);
  return names;
}

}  // namespace dtenv::capi

using namespace dtenv;
using namespace dtenv::capi;

dtenv_status dtenv_eval(const char* function, const char* arguments_json, char** out_json,
                        dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const std::string_view name, take_text("function", function));
    DT_TRY_ASSIGN(const std::string_view arguments, take_text("arguments_json", arguments_json));
    DT_TRY(check_out("out_json", out_json));
    DT_TRY_ASSIGN(const EvalRow* const row, find_row(name));
    DT_TRY_ASSIGN(const json::value value, call(*row, arguments));
    *out_json = give_text(json::serialize(value));
    return {};
  });
}
