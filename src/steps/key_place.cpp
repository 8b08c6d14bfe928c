#include "steps/key_place.hpp"

#include "steps/training_container.hpp"

namespace dtenv {

Task<Result<KeyPlace>> KeyPlace::find(const KeyExchange::Config& config, Target& target) {
  KeyPlace place;
  if (config.machine) {
    place.name_ = target.node.name;
    place.machine_ = &target.host;
    co_return place;
  }
  DT_CO_TRY_ASSIGN(TrainingContainer found,
                   co_await find_training_container(target, config.container));
  place.name_ = found.name;
  place.env_ = std::move(found.env);
  if (found.running)
    place.container_.emplace(*found.docker, found.name, target.node.name + "/" + found.name);
  co_return place;
}

Task<Result<KeyPlace>> KeyPlace::enter(const KeyExchange::Config& config, Target& target) {
  DT_CO_TRY_ASSIGN(KeyPlace place, co_await find(config, target));
  if (!place.running())
    co_return Error(Status::state,
                    "container " + place.name_ + " does not run on " + target.node.name);
  co_return place;
}

Command key_command(std::string_view program, std::vector<std::string> arguments, bool brief) {
  Command command;
  command.brief = brief;
  command.argv = {"sh", "-c", std::string(program), "dtenv"};
  for (std::string& argument : arguments) command.argv.push_back(std::move(argument));
  return command;
}

std::string key_user(const KeyExchange::Config& config, const Node& node) {
  return config.machine ? node.ssh.user : node.container_user;
}

}  // namespace dtenv
