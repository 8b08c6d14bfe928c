// Every file of tests/golden/driver_check/ is a machine as it was recorded. It is unfolded below a
// temporary root and judged by the step's own observe() and plan() on a local host; where its
// document installs, the plan is applied, the machine becomes "after", and the second plan must be
// "then". DTENV_ACCEPT=1 rewrites what is expected, never "verdict".
//   {"why", "like": NAME of another machine, "files", "pci", "programs", "config", "verdict",
//    "expect": {…}, "changes": […], "after": {files, programs, pci}, "then": {…}}
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "host/make_host.hpp"
#include "net/curl_loop.hpp"
#include "print_json.hpp"
#include "recorded_machine.hpp"
#include "steps/driver_check.hpp"
#include "unit/net/net_testing.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

class Silent final : public Progress {
 public:
  void text(std::string_view) override {}
  void amount(std::uint64_t, std::uint64_t) override {}
  void output(std::string_view, std::string_view) override {}
};

json::object read_machine(const std::string& name) {
  std::ifstream file(std::string(DTENV_MACHINES) + "/" + name + ".json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return json::parse(text).as_object();
}

std::vector<std::string> machine_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(DTENV_MACHINES))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().native());
  std::sort(names.begin(), names.end());
  return names;
}

/// What it is like comes first, so that it can say what differs.
void unfold(RecordedMachine& machine, const json::object& recording) {
  if (const auto* like = recording.if_contains("like"))
    unfold(machine, read_machine(std::string(like->as_string())));
  machine.add(recording);
}

json::array shown(const std::vector<Argv>& argvs) {
  json::array out;
  for (const auto& argv : argvs) out.emplace_back(show_argv(argv));
  return out;
}

json::array texts(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& value : values) out.emplace_back(value);
  return out;
}

/// One machine and the step's own code over it.
struct Judge {
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  std::vector<Node> nodes = {two_nodes()[0]};
  Outputs outputs;
  Silent progress;
  RecordedMachine machine;
  std::unique_ptr<Host> host;
  DriverCheck::Config config;
  DriverCheck::Facts facts;
  Plan plan;

  explicit Judge(json::object document) {
    document["root"] = machine.root();
    document["path"] = machine.path();
    config = config_of<DriverCheck>(json::serialize(document));
    HostContext context;
    context.executor = loop.get_executor();
    context.curl = &curl;
    context.folder = machine.root();
    host = make_local_host(context, nodes[0].name);
  }

  Target target() { return {*host, nodes[0], nodes, outputs, progress, {}, {}, "test"}; }

  void look() {
    auto here = target();
    auto observed = run_task(loop, DriverCheck::observe(config, here));
    if (!observed) throw std::runtime_error(observed.error().message);
    facts = *observed;
    plan = DriverCheck::plan(config, cluster_of(nodes, std::vector{facts})).value();
  }

  void apply() {
    machine.calls();
    std::vector<std::string> ran;
    for (const auto& change : plan.changes) {
      Argv argv;
      const json::value words = json::parse(change.payload);
      for (const auto& word : words.as_array()) argv.emplace_back(word.as_string());
      const bool is_file = starts_with(change.resource, "/");
      if (!is_file) machine.add_actor(argv.front());
      if (!is_file) ran.push_back(show_argv(argv));
      auto here = target();
      const auto applied = run_task(loop, DriverCheck::apply(config, change, here));
      CHECK_MESSAGE(applied.has_value(), applied.error());
    }
    std::vector<std::string> called;
    for (const auto& argv : machine.calls()) called.push_back(show_argv(argv));
    CHECK(called == ran);
  }

  json::object verdict() const {
    json::object out;
    out["verdict"] = driver_state_name(facts.verdict.state);
    out["flavour"] = facts.verdict.flavour;
    out["version"] = facts.verdict.version;
    if (!facts.verdict.recommended.empty()) out["recommended"] = facts.verdict.recommended;
    out["gpus"] = facts.gpus;
    out["needs_reboot"] = facts.verdict.needs_reboot;
    out["evidence"] = texts(facts.verdict.evidence);
    out["warnings"] = texts(facts.verdict.warnings);
    out["repair"] = shown(facts.verdict.repair);
    return out;
  }

  json::array changes() const {
    json::array out;
    for (const auto& change : plan.changes)
      out.emplace_back(starts_with(change.resource, "/")
                           ? "write " + change.resource
                           : change.after + (change.disrupts.empty()
                                                 ? ""
                                                 : "  # disrupts " + change.disrupts[0].kind));
    return out;
  }
};

/// Compares, or takes what is there as what is expected.
void compare(json::object& recording, std::string_view key, const json::value& found) {
  if (std::getenv("DTENV_ACCEPT") != nullptr) {
    recording[key] = found;
    return;
  }
  if (!recording.contains(key)) throw std::runtime_error(std::string(key) + " is missing");
  CHECK_MESSAGE(recording.at(key) == found, std::string(key)
                                                << " is " << json::serialize(found) << "\nexpected "
                                                << json::serialize(recording.at(key)));
}

void judge(const std::string& name) {
  json::object recording = read_machine(name);
  INFO(name << ": " << text_of(recording.at("why")));
  const auto* document = recording.if_contains("config");
  Judge judge(document == nullptr ? json::object{} : document->as_object());
  unfold(judge.machine, recording);
  judge.look();
  const auto verdict = judge.verdict();
  CHECK(verdict.at("verdict") == recording.at("verdict"));
  compare(recording, "expect", verdict);
  compare(recording, "changes", judge.changes());
  CHECK(judge.plan.changes.empty() == (recording.if_contains("after") == nullptr));
  if (!judge.plan.changes.empty() && recording.contains("after")) {
    judge.apply();
    judge.machine.add(recording.at("after").as_object());
    judge.look();
    compare(recording, "then", judge.verdict());
    CHECK_MESSAGE(judge.plan.changes.empty(), json::serialize(judge.changes()));
  }
  if (std::getenv("DTENV_ACCEPT") == nullptr) return;
  std::ofstream out(std::string(DTENV_MACHINES) + "/" + name + ".json");
  print_json(out, recording);
  out << "\n";
}

}  // namespace

TEST_SUITE("golden driver machines") {
  TEST_CASE("every recorded machine has its verdict, and its plan is empty once applied") {
    const auto names = machine_names();
    REQUIRE(names.size() >= 50);
    const char* only = std::getenv("DTENV_MACHINE");
    // Mostly waiting for small programs, and in one case for a hanging one: several at a time.
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < names.size(); i = next++) {
        if (only != nullptr && names[i] != only) continue;
        try {
          judge(names[i]);
        } catch (const std::exception& error) {
          FAIL_CHECK(names[i] << ": " << error.what());
        }
      }
    };
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; ++i) workers.emplace_back(work);
    for (auto& worker : workers) worker.join();
  }
}
