#include "steps/image_build.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "net/containers.hpp"
#include "steps/image_make.hpp"

namespace dtenv {
namespace {

using Config = ImageBuild::Config;
using Facts = ImageBuild::Facts;
using Image = ImageBuild::Image;

std::string builder_name(const Config& config, const std::vector<Node>& nodes) {
  return config.build_on.empty() && !nodes.empty() ? nodes.front().name : config.build_on;
}

std::string short_id(const std::string& id) {
  const auto at = id.find(':');
  return id.substr(0, at == std::string::npos ? 12 : at + 13);
}

/// Is that image what the document asks for?
bool satisfies(const Config& config, const Image& image, const std::string& wanted) {
  if (std::holds_alternative<ImageBuild::Build>(config.from)) return image.spec == wanted;
  if (std::holds_alternative<ImageBuild::Pull>(config.from))
    return std::find(image.names.begin(), image.names.end(), wanted) != image.names.end();
  // A containerd store has other ids than the archive tells: the name has to do.
  return image.manifest_id || image.id == wanted;
}

/// How people are told what the image is to be; the same before and after it is made.
std::string shown_wanted(const Config& config, const std::string& wanted) {
  if (std::holds_alternative<ImageBuild::Build>(config.from)) return "spec " + wanted.substr(0, 12);
  return std::holds_alternative<ImageBuild::Pull>(config.from) ? wanted : short_id(wanted);
}

std::string verb(const Config& config) {
  if (std::holds_alternative<ImageBuild::Build>(config.from)) return "build";
  return std::holds_alternative<ImageBuild::Pull>(config.from) ? "pull" : "load";
}

Change make_change(const Config& config, const Node& node, const Facts& facts) {
  Change change;
  change.node = node.name;
  change.resource = "image " + config.tag;
  change.action = facts.image ? Action::update : Action::create;
  if (facts.image) change.before = short_id(facts.image->id);
  return change;
}

std::string payload(std::string_view what, const std::string& argument) {
  json::object out;
  out["do"] = what;
  out["with"] = argument;
  return json::serialize(out);
}

/// The change that makes the image itself, from its source.
Change source_change(const Config& config, const Node& node, const Facts& facts,
                     const std::string& wanted) {
  Change change = make_change(config, node, facts);
  const auto what = verb(config);
  change.after = (what == "build" ? "built" : what + "ed") + ": " + shown_wanted(config, wanted);
  change.reason = facts.image ? "the tag is another image than the document describes"
                              : what + " it here: the machine does not have it";
  change.payload = payload(what, wanted);
  return change;
}

Change deliver_change(const Config& config, const Node& node, const Facts& facts,
                      const std::string& from, const std::string& wanted) {
  Change change = make_change(config, node, facts);
  change.after = "as on " + from + ": " + shown_wanted(config, wanted);
  change.reason = (facts.image ? "it differs from the image of " : "deliver it from ") + from;
  change.stage = 1;
  change.payload = payload("deliver", from);
  return change;
}

void plan_machine(const Config& config, const Observed<Facts>& machine, const std::string& builder,
                  const Facts& built, Plan& plan) {
  const auto& facts = machine.facts;
  const auto& wanted = built.wanted;
  const bool here = facts.image && satisfies(config, *facts.image, wanted);
  const bool archive = std::holds_alternative<ImageBuild::Load>(config.from);
  if (machine.node->name == builder || archive) {
    // An archive goes from the controller to each machine itself: no detour, the same id.
    if (!here) plan.changes.push_back(source_change(config, *machine.node, facts, wanted));
  } else {
    const bool made = built.image && satisfies(config, *built.image, wanted);
    const bool same = made && facts.image && facts.image->id == built.image->id;
    if (!same)
      plan.changes.push_back(deliver_change(config, *machine.node, facts, builder, wanted));
  }
  if (facts.image && !here && facts.image->spec.empty())
    plan.notes.push_back({machine.node->name, Severity::warning,
                          config.tag + " is a foreign image there: it keeps its id, not its tag"});
}

json::object parse_payload(const Change& change) {
  return json::parse(change.payload).as_object();
}

}  // namespace

Task<Result<ImageBuild::Facts>> ImageBuild::observe(const Config& config, Target& target) {
  Facts facts;
  const bool is_builder = target.node.name == builder_name(config, target.nodes);
  if (const auto* build = std::get_if<Build>(&config.from)) {
    if (is_builder) {
      DT_CO_TRY_ASSIGN(facts.wanted, co_await build_spec(*build));
    }
  } else if (const auto* pull = std::get_if<Pull>(&config.from)) {
    facts.wanted = pull->reference.familiar();
  } else if (is_builder) {
    DT_CO_TRY_ASSIGN(facts.wanted, co_await archived_id(config, std::get<Load>(config.from)));
  }
  auto docker = co_await target.host.docker();
  if (!docker) {
    // No engine yet: what is to come is planned all the same.
    if (docker.error().status == Status::not_found) co_return facts;
    co_return std::move(docker).error();
  }
  facts.engine = true;
  DT_CO_TRY_ASSIGN(facts.image, co_await inspect_named(**docker, config.tag));
  if (!facts.image || facts.image->spec.empty()) co_return facts;
  const std::vector<std::string> every;
  DT_CO_TRY_ASSIGN(const auto containers, co_await list_containers(**docker, every));
  for (const ContainerRow& row : containers)
    if (row.image == config.tag || row.image == facts.image->id) facts.users.push_back(row.name);
  co_return facts;
}

Result<Plan> ImageBuild::plan(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  const auto builder = builder_name(config, *cluster.nodes);
  const bool known = std::any_of(cluster.nodes->begin(), cluster.nodes->end(),
                                 [&](const Node& node) { return node.name == builder; });
  if (!known) return Error{Status::config, "image_build: build_on: no node is called " + builder};
  const Facts* built = cluster.find(builder);
  for (const auto& machine : cluster.machines) {
    if (built != nullptr) {
      plan_machine(config, machine, builder, *built, plan);
    } else {
      plan.failures.emplace(machine.node->name,
                            Error{Status::host, "image " + config.tag + ": " + builder +
                                                    ", which makes it, did not answer"});
    }
  }
  return plan;
}

Result<Plan> ImageBuild::plan_destroy(const Config& config, const Cluster<Facts>& cluster) {
  Plan plan;
  for (const auto& machine : cluster.machines) {
    const auto& image = machine.facts.image;
    // Only what this step built is taken away; what was pulled or loaded may be others' too.
    if (!image || image->spec.empty()) continue;
    // Ours went before it: whoever uses it still is somebody else.
    if (!machine.facts.users.empty()) {
      plan.notes.push_back({machine.node->name, Severity::info,
                            "image " + config.tag + " stays: container " +
                                machine.facts.users.front() + " is made of it"});
      continue;
    }
    Change change = make_change(config, *machine.node, machine.facts);
    change.action = Action::remove;
    change.reason = "it was built for this environment";
    change.payload = payload("remove", config.tag);
    plan.changes.push_back(std::move(change));
  }
  return plan;
}

Task<Result<void>> ImageBuild::apply(const Config& config, const Change& change, Target& target) {
  const auto about = parse_payload(change);
  const std::string what(about.at("do").as_string());
  const std::string with(about.at("with").as_string());
  if (what == "deliver") co_return co_await deliver_image(config, with, target);
  if (what == "build")
    co_return co_await build_image(config, std::get<Build>(config.from), with, target);
  if (what == "pull") co_return co_await pull_image(config, std::get<Pull>(config.from), target);
  if (what == "load") co_return co_await load_image(config, std::get<Load>(config.from), target);
  DT_CO_TRY_ASSIGN(Docker * docker, co_await target.host.docker());
  DT_CO_TRY(co_await docker->remove("/images/" + url_encode(with)));
  co_return Result<void>{};
}

Task<Result<void>> ImageBuild::stop(const Config& config, const Change& change, Target& target) {
  // A build ends with its connection; what debootstrap has unpacked so far does not.
  const auto about = parse_payload(change);
  const auto* build = std::get_if<Build>(&config.from);
  if (about.at("do").as_string() == "build" && build != nullptr && build->recipe &&
      build->recipe->debootstrap)
    co_return co_await clean_base(*build->recipe->debootstrap, target);
  co_return Result<void>{};
}

void ImageBuild::publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs) {
  outputs.set("image", config.tag);
  const Facts* built = cluster.find(builder_name(config, *cluster.nodes));
  for (const auto& machine : cluster.machines) {
    const auto& image = machine.facts.image;
    if (!image || built == nullptr) continue;
    const bool same = built->image && satisfies(config, *built->image, built->wanted) &&
                      image->id == built->image->id;
    if (same || satisfies(config, *image, built->wanted))
      outputs.set("image_id", image->id, machine.node->name);
  }
}

json::object ImageBuild::describe(const Facts& facts) {
  json::object out;
  out["engine"] = facts.engine;
  if (!facts.image) {
    out["image_id"] = nullptr;
    return out;
  }
  out["image_id"] = facts.image->id;
  out["size"] = facts.image->size;
  if (!facts.image->spec.empty()) out["spec"] = facts.image->spec;
  return out;
}

}  // namespace dtenv
