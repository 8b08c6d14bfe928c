#pragma once

#include <optional>
#include <string>

#include "host/container_host.hpp"
#include "steps/key_exchange.hpp"

namespace dtenv {

/// Where the keys of one node live: its training container, or the machine itself.
class KeyPlace {
 public:
  /// What is missing (no engine yet, no container yet) is a fact: running() is false.
  static Task<Result<KeyPlace>> find(const KeyExchange::Config& config, Target& target);
  /// For apply(): STATE where it does not run.
  static Task<Result<KeyPlace>> enter(const KeyExchange::Config& config, Target& target);

  const std::string& name() const { return name_; }
  bool running() const { return container_.has_value() || machine_ != nullptr; }
  const Environ& env() const { return env_; }
  Host& host() { return container_ ? static_cast<Host&>(*container_) : *machine_; }

 private:
  std::string name_;
  Environ env_;
  std::optional<ContainerHost> container_;
  Host* machine_ = nullptr;
};

/// A constant program with its arguments, soon at its end; a long one is not `brief`.
Command key_command(std::string_view program, std::vector<std::string> arguments,
                    bool brief = true);

/// Who logs in at that node; empty: whoever the controller's login is.
std::string key_user(const KeyExchange::Config& config, const Node& node);

}  // namespace dtenv
