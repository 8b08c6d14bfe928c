// How do I take two machines from bare to training, showing the plan before anything is changed?
//   build: g++ 05_two_node_pretraining.cpp $(pkg-config --cflags --libs dtenv) -o
//   05_two_node_pretraining run:   ./05_two_node_pretraining examples/environments/two_nodes.json
//   report.json
#include <dtenv/dtenv.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

namespace {

bool is(const std::string& event, const char* type) {
  return event.find(type) != std::string::npos;
}

/// What a program on the machines says (the ranks of the training, say) and what was changed.
void follow(dtenv::api::Session& session) {
  while (const auto event = session.next_event(-1)) {
    if (is(*event, "\"output\"") || is(*event, "\"change.")) std::cout << *event << std::endl;
    if (is(*event, "\"job.finished\"")) return;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::ifstream file(argc == 3 ? argv[1] : "");
  if (!file) {
    std::cerr << "usage: " << argv[0] << " environment.json report.json\n";
    return 2;
  }
  const std::string environment{std::istreambuf_iterator<char>(file), {}};

  // One session: each machine is dialled once, for the check and for the apply.
  dtenv::api::Session session;
  const dtenv::api::Job check = session.check(environment);
  follow(session);
  check.wait();
  const std::string plan = check.plan();
  std::cout << dtenv::api::render(plan) << std::flush;

  // The plan that was shown bounds the apply: whatever else it would do ends it with PLAN_STALE.
  const dtenv::api::Job apply = session.apply(environment, plan);
  follow(session);
  const std::string report = apply.report();
  std::cout << dtenv::api::render(report) << std::flush;
  if (!(std::ofstream(argv[2]) << report << std::flush)) std::cerr << argv[2] << ": not written\n";
  apply.wait();
} catch (const dtenv::api::Exception& e) {
  std::cerr << dtenv_status_name(e.status) << ": " << e.what() << '\n';
  return 1;
}
