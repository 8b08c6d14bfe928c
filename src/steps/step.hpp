#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/shared_text.hpp"
#include "base/task.hpp"
#include "host/host.hpp"
#include "host/ssh_options.hpp"

namespace dtenv {

namespace json = boost::json;

/// One machine of the environment, as the document names it.
struct Node {
  std::string name;          ///< its alias everywhere: hostfile, ~/.ssh/config, reports
  std::string address;       ///< where the other nodes reach it; empty for a lone local machine
  bool local = false;        ///< act on this machine itself
  SshOptions ssh;            ///< how the controller reaches it
  std::optional<int> slots;  ///< nullopt: the GPUs found
  int container_ssh_port = 6001;  ///< sshd's port inside the training container
  std::string container_user = "root";
};

enum class Action { create, update, remove, run, reload, restart };
std::string_view action_name(Action action);

/// What a change would take from somebody: refused unless the document's `allow` names `kind`.
struct Disruption {
  std::string kind;  ///< "containers", "docker" or "reboot"
  std::string what;  ///< "container web (image nginx:1, up 3 days)"
};

/// One change on one machine. Before, after and reason are for people; equal (node, step, resource,
/// action, after) means the same change, so `after` must be known when planning: no random, no
/// time.
struct Change {
  std::string node;
  std::string resource;  ///< "/etc/docker/daemon.json", "container glm", "package docker.io"
  Action action = Action::update;
  std::string before;  ///< empty: absent
  std::string after;
  std::string reason;  ///< what a person would say aloud
  std::vector<Disruption> disrupts;
  /// Changes are applied in rounds: the lowest stage first on all machines, then observe and plan
  /// again. A later stage may need what an earlier one makes.
  int stage = 0;
  std::string payload;  ///< for apply() alone; never shown, never a secret
  /// Likewise, where the changes of many machines have it alike: a file that is the same on all.
  SharedText common;
};

enum class Severity { info, warning, deviation };

/// Something to know that is not a change: evidence, a warning, a deviation from a safe default.
struct Note {
  std::string node;
  Severity severity = Severity::info;
  std::string text;
};

struct Plan {
  std::vector<Change> changes;
  std::vector<Note> notes;
  /// Machines that cannot be made as wanted, whatever is applied (no GPU where one is required).
  std::map<std::string, Error> failures;
};

/// One machine's facts, next to the machine.
template <class Facts>
struct Observed {
  const Node* node;
  Facts facts;
};

/// Every machine that answered, in the document's order; and all the document names.
template <class Facts>
struct Cluster {
  std::vector<Observed<Facts>> machines;
  const std::vector<Node>* nodes = nullptr;

  const Facts* find(std::string_view node) const {
    for (const auto& machine : machines)
      if (machine.node->name == node) return &machine.facts;
    return nullptr;
  }
};

/// What steps leave for later steps: "image", "container", "hostfile" (cluster-wide: node ""), or
/// per machine ("image_id", "gpus").
class Outputs {
 public:
  void set(std::string name, std::string value, std::string node = {}) {
    values_[{std::move(name), std::move(node)}] = std::move(value);
  }
  std::optional<std::string> get(const std::string& name, const std::string& node = {}) const {
    const auto found = values_.find({name, node});
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> values_;
};

/// Where a step may tell how far it is. Dropped first when the reader is slow.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void text(std::string_view line) = 0;
  virtual void amount(std::uint64_t done, std::uint64_t total) = 0;  ///< total 0: not known
  /// A program's output: launch's ranks, a build's log. Never dropped silently: counted.
  virtual void output(std::string_view source, std::string_view line) = 0;
};

/// What observe() and apply() may use: this machine, and read access to the rest.
struct Target {
  Host& host;
  const Node& node;
  const std::vector<Node>& nodes;
  const Outputs& outputs;
  Progress& progress;
  /// Another machine's host (already connected), for handing an image over; nullptr: not reachable.
  std::function<Host*(std::string_view node)> peer;
  /// A secret the embedder gave with dtenv_session_set_secret; nullptr: none of that name.
  std::function<const Secret*(std::string_view name)> secret;
  std::string cluster;        ///< the document's name for all of it
  TextPool* texts = nullptr;  ///< of the job; nullptr: nobody else has such a text

  /// A file's text, say, that most machines have alike.
  SharedText keep(std::string text);
};

// A step is a struct S with
//   static constexpr std::string_view kind;
//   struct Config { … };   struct Facts { … };   (copyable)
//   static constexpr bool whole_cluster;   // true: not run while a machine is missing or failed
//   static Config parse(JsonReader&);      // problems go to the reader; the keys kind, id, after
//   and
//                                          // on, and finish(), are the caller's
//   static Task<Result<Facts>> observe(const Config&, Target&);       // reads, never writes
//   static Result<Plan> plan(const Config&, const Cluster<Facts>&);   // pure
//   static Task<Result<void>> apply(const Config&, const Change&, Target&);  // one change
//   static void publish(const Config&, const Cluster<Facts>&, Outputs&);     // pure
//   static json::object describe(const Facts&);                       // one machine, for the
//   report
// and, where it makes sense,
//   static Result<Plan> plan_destroy(const Config&, const Cluster<Facts>&);  // for apply(): what
//   it
//       // takes away
//   static Task<Result<void>> stop(const Config&, const Change&, Target&);
//       // after apply(change) was cancelled: end what it left running elsewhere, on the same
//       // connections, within the cancel's grace; runs with a fresh cancellation state
//   static std::size_t together(std::span<const Change>);
//       // how many of the first of one machine's changes apply() takes at once (files of one
//       // folder, in one round trip); apply() takes a span of changes then
// plus NAME.schema.json beside it and a row in registry.cpp. observe() takes missing prerequisites
// (no engine yet, no container yet) as facts, so that a plan for a bare machine shows everything.
// The engine plans and applies in rounds until the plan is empty; the changes of one machine in one
// round run one after the other, in the plan's order. A change that is planned again right after it
// was applied is an error (VERIFY): what apply() does, the next observe() must see.

}  // namespace dtenv
