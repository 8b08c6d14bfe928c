// What happens when I cancel an apply, and how do I go on from there?
//   build: g++ 04_cancel_and_resume.cpp $(pkg-config --cflags --libs dtenv) -o 04_cancel_and_resume
//   run:   ./04_cancel_and_resume environment.json
#include <dtenv/dtenv.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

namespace {

bool is(const std::string& event, const char* type) {
  return event.find(type) != std::string::npos;
}

/// Cancels the job as soon as its first step starts; any thread may do so.
void cancel_at_first_step(dtenv::api::Session& session, const dtenv::api::Job& job) {
  while (const auto event = session.next_event(-1)) {
    if (is(*event, "\"job.finished\"")) return;
    if (is(*event, "\"step.started\"")) return job.cancel(5000);  // 5 s to end by itself
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::ifstream file(argc == 2 ? argv[1] : "");
  if (!file) {
    std::cerr << "usage: " << argv[0] << " environment.json\n";
    return 2;
  }
  const std::string environment{std::istreambuf_iterator<char>(file), {}};

  dtenv::api::Session session;
  const dtenv::api::Job first = session.apply(environment);
  cancel_at_first_step(session, first);
  try {
    first.wait();
    std::cout << "first run: OK" << std::endl;  // it had ended already
  } catch (const dtenv::api::Exception& e) {
    // CANCELLED. To cancel is not to undo.
    std::cout << "first run: " << dtenv_status_name(e.status) << std::endl;
  }

  // The same document again: what was done is found done, the rest follows.
  session.apply(environment).wait();
  std::cout << "second run: OK\n";
} catch (const dtenv::api::Exception& e) {
  std::cerr << dtenv_status_name(e.status) << ": " << e.what() << '\n';
  return 1;
}
