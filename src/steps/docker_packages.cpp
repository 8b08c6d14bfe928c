// The pure half of DockerConfig about packages: how what is missing comes to the machine.
#include "steps/docker_packages.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "formats/openpgp.hpp"
#include "steps/docker_changes.hpp"

namespace dtenv {

namespace {

using Facts = DockerConfig::Facts;

bool has(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

json::array words(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& word : list) array.emplace_back(json::string(word));
  return array;
}

Change make_change(const Node& node, std::string resource, Action action, json::object payload) {
  Change change;
  change.node = node.name;
  change.resource = std::move(resource);
  change.action = action;
  change.payload = json::serialize(payload);
  return change;
}

const AptFile* find_file(const Facts& facts, const std::string& path) {
  for (const AptFile& file : facts.apt_files)
    if (file.path == path) return &file;
  return nullptr;
}

/// An entry somebody made before us, with the right key: it will do, and a second one with other
/// words in Signed-By would make apt refuse both. nullptr: none. An entry apt would refuse ours for
/// is an error.
Result<const AptEntry*> adopt_entry(const PackageOrigin& origin, const Facts& facts,
                                    const std::vector<AptEntry>& entries) {
  const bool own_is_there = find_file(facts, origin.file_path) != nullptr;
  const AptEntry* adopted = nullptr;
  for (const AptEntry& entry : entries) {
    if (entry.signed_by == origin.key_path) continue;  // beside ours, apt takes it
    const bool right_key =
        has(signed_by_fingerprints(entry.signed_by, facts.keyrings), origin.fingerprint);
    if (!own_is_there && right_key && entry.serves) {
      adopted = &entry;
      continue;
    }
    const std::string words = entry.signed_by.empty() ? "without Signed-By"
                              : contains(entry.signed_by, "-----BEGIN PGP")
                                  ? "with a key of its own in Signed-By"
                                  : "with Signed-By " + visible(entry.signed_by);
    Problem problem{"", entry.line, 1, entry.path + " names " + entry.uri + " " + words,
                    "remove that entry, or give it \"signed-by=" + origin.key_path +
                        "\": apt refuses every update otherwise"};
    return Error{Status::state,
                 entry.path + ": line " + std::to_string(entry.line) + ": names " + entry.uri +
                     " " + words + ", which conflicts with the key of " + origin.name + " (" +
                     origin.fingerprint + ")",
                 {std::move(problem)}};
  }
  return adopted;
}

void plan_key(const PackageOrigin& origin, const Node& node, const Facts& facts, Plan& plan) {
  const auto known = facts.keyrings.find(origin.key_path);
  const auto prints = known == facts.keyrings.end() ? std::vector<std::string>{} : known->second;
  if (prints.size() == 1 && prints.front() == origin.fingerprint) return;
  json::object payload;
  payload["op"] = "key";
  payload["path"] = origin.key_path;
  payload["url"] = origin.key_url;
  payload["key"] = origin.key;
  payload["fingerprint"] = origin.fingerprint;
  payload["rpm"] = origin.rpm;
  Change change = make_change(node, origin.key_path,
                              prints.empty() ? Action::create : Action::update, std::move(payload));
  change.before = join(prints, ", ");
  change.after = "key " + origin.fingerprint;
  change.reason = "packages signed by this key alone are to be taken, from " +
                  (origin.key_url.empty() ? std::string("the document") : origin.key_url);
  plan.changes.push_back(std::move(change));
}

void plan_file(const PackageOrigin& origin, const Node& node, const Facts& facts, Plan& plan) {
  const AptFile* present = find_file(facts, origin.file_path);
  if (present && present->text == origin.file_text) return;
  json::object payload;
  payload["op"] = "source";
  payload["path"] = origin.file_path;
  payload["text"] = origin.file_text;
  Change change = make_change(node, origin.file_path, present ? Action::update : Action::create,
                              std::move(payload));
  if (present) change.before = present->text;
  change.after = origin.file_text;
  change.reason = origin.name + " comes from this repository";
  plan.changes.push_back(std::move(change));
}

/// Plans what the origin needs; the file that then names it.
Result<std::string> plan_origin(const PackageOrigin& origin, const Node& node, const Facts& facts,
                                Plan& plan) {
  if (!origin.key.empty()) {
    DT_TRY_ASSIGN(const auto prints, openpgp_fingerprints(origin.key));
    if (!has(prints, origin.fingerprint))
      return Error(Status::config, origin.name + ": the document's key has the fingerprint " +
                                       join(prints, ", ") + ", not " + origin.fingerprint);
  }
  if (!origin.rpm) {
    const auto entries = find_same_repository(facts.apt_files, origin.source, origin.file_path);
    DT_TRY_ASSIGN(const AptEntry* adopted, adopt_entry(origin, facts, entries));
    if (adopted) {
      plan.notes.push_back({node.name, Severity::info,
                            adopted->path + " names " + adopted->uri +
                                " with the right key already: it is used as it is"});
      return adopted->path;
    }
  }
  plan_key(origin, node, facts, plan);
  plan_file(origin, node, facts, plan);
  return origin.file_path;
}

Result<std::vector<DebFile>> choose_files(const PackageOrder& order, const Facts& facts) {
  const auto folder = facts.folders.find(order.folder);
  if (folder == facts.folders.end())
    return Error(Status::not_found, order.folder + ": no such folder on this machine");
  auto files = choose_debs(folder->second, order.packages, facts.architecture, facts.packages);
  if (!files) return Error(Status::not_found, order.folder + ": " + files.error().message);
  return files;
}

}  // namespace

Result<void> plan_packages(const PackageOrder& order, const Node& node, const Facts& facts,
                           Plan& plan) {
  if (!facts.root)
    return Error(Status::config, "installing " + order.packages.front() +
                                     " needs root: log in as root, or give the node "
                                     "\"sudo\": true");
  json::object payload;
  payload["op"] = "packages";
  payload["dnf"] = facts.os.is_rpm_family();
  payload["then"] = order.then;
  payload["removes"] = words(order.in_the_way);
  std::vector<std::string> after = order.packages;
  std::vector<std::string> names = order.packages;
  if (!order.folder.empty()) {
    DT_TRY_ASSIGN(const auto files, choose_files(order, facts));
    names.clear();
    after.clear();
    for (const DebFile& file : files) {
      names.push_back(file.path);
      after.push_back(file.package + " " + file.version + " from " + file.path);
    }
  } else if (order.origin) {
    DT_TRY_ASSIGN(payload["source"], plan_origin(*order.origin, node, facts, plan));
  }
  payload["from_folder"] = !order.folder.empty();
  payload["packages"] = words(names);
  Change change = make_change(
      node, (order.packages.size() == 1 ? "package " : "packages ") + join(order.packages, " "),
      Action::create, std::move(payload));
  std::vector<std::string> before;
  for (const std::string& package : order.in_the_way)
    before.push_back(package + " " + facts.packages.at(package));
  change.before = join(before, ", ");
  change.after = join(after, order.folder.empty() ? " " : "\n");
  change.reason = order.reason;
  plan.changes.push_back(std::move(change));
  return {};
}

}  // namespace dtenv
