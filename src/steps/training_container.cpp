#include "steps/training_container.hpp"

#include <boost/json.hpp>

namespace dtenv {

namespace {

std::string text_at(const json::value& value, std::string_view pointer) {
  boost::system::error_code absent;
  const json::value* found = value.find_pointer(pointer, absent);
  return found && found->is_string() ? std::string(found->as_string()) : "";
}

Environ environment_of(const json::value& container) {
  Environ env;
  boost::system::error_code absent;
  const json::value* list = container.find_pointer("/Config/Env", absent);
  if (!list || !list->is_array()) return env;
  for (const json::value& item : list->as_array()) {
    if (!item.is_string()) continue;
    const std::string entry(item.as_string());
    const std::size_t equals = entry.find('=');
    if (equals != std::string::npos)
      env.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return env;
}

}  // namespace

Task<Result<TrainingContainer>> find_training_container(Target& target, std::string configured) {
  TrainingContainer found;
  found.name = std::move(configured);
  if (found.name.empty())
    found.name = target.outputs.get("container", target.node.name).value_or("");
  if (found.name.empty()) found.name = target.outputs.get("container").value_or("");
  if (found.name.empty())
    co_return Error(Status::config,
                    "no training container is named: give the step \"container\", or a "
                    "container_run before it");
  auto docker = co_await target.host.docker();
  if (!docker && docker.error().status == Status::not_found) co_return found;
  if (!docker) co_return docker.error();
  found.docker = *docker;
  auto inspected = co_await found.docker->inspect_container(found.name);
  if (!inspected && inspected.error().status == Status::not_found) co_return found;
  if (!inspected) co_return inspected.error();
  if (!inspected->has_value()) co_return found;
  const json::value& container = **inspected;
  found.id = text_at(container, "/Id");
  found.running = text_at(container, "/State/Status") == "running";
  found.image_id = text_at(container, "/Image");
  found.env = environment_of(container);
  co_return found;
}

Task<Result<ContainerHost>> enter_training_container(Target& target, std::string configured) {
  DT_CO_TRY_ASSIGN(TrainingContainer found,
                   co_await find_training_container(target, std::move(configured)));
  if (!found.running)
    co_return Error(Status::state, "container " + found.name +
                                       (found.exists() ? " is not running" : " does not exist") +
                                       " on " + target.node.name);
  co_return ContainerHost(*found.docker, found.name, target.node.name + "/" + found.name);
}

}  // namespace dtenv
