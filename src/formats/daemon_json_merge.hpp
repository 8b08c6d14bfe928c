#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/daemon_json_activation.hpp"

namespace dtenv {

/// One thing wanted of daemon.json.
struct DaemonJsonAction {
  enum class Op {
    add_runtime,
    remove_runtime,
    set_default_runtime,
    add_mirrors,
    set_mirrors,
    enable_cdi,
    add_texts,
    set
  };
  Op op = Op::set;
  std::string name;               ///< of a runtime
  std::string path;               ///< of add_runtime
  std::vector<std::string> args;  ///< of add_runtime, where it is new
  std::vector<std::string> urls;  ///< of add_mirrors and set_mirrors; the texts of add_texts
  JsonPath pointer;               ///< of set and add_texts
  std::string json;               ///< of set: the value's text
};

/// `text` nullopt: there is no file yet.
struct DaemonJsonRequest {
  std::optional<std::string> text;
  std::vector<DaemonJsonAction> actions;
  DaemonState state;
};

struct DaemonJsonMerge {
  std::string text;  ///< the file's new bytes; the old ones where nothing changed
  bool changed = false;
  ActivationPlan plan;
};

/// The file with the actions done, every foreign byte kept, and what it takes to come into force.
/// CONFIG, with every problem's place, where the file or the result is one the daemon would not
/// start with.
Result<DaemonJsonMerge> merge_daemon_json(const DaemonJsonRequest& request);

}  // namespace dtenv
