// How do I apply an environment and print what happens, until it ends?
//   build: g++ 02_apply_and_follow.cpp $(pkg-config --cflags --libs dtenv) -o 02_apply_and_follow
//   run:   ./02_apply_and_follow environment.json
#include <dtenv/dtenv.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

int main(int argc, char** argv) try {
  std::ifstream file(argc == 2 ? argv[1] : "");
  if (!file) {
    std::cerr << "usage: " << argv[0] << " environment.json\n";
    return 2;
  }
  const std::string environment{std::istreambuf_iterator<char>(file), {}};

  dtenv::api::Session session;
  const dtenv::api::Job job = session.apply(environment);
  for (bool running = true; running;) {
    const auto event = session.next_event(-1);  // -1: as long as it takes
    if (!event) continue;
    std::cout << *event << std::endl;
    if (event->find("\"job.finished\"") != std::string::npos) running = false;
  }
  // The report is there whatever the job came to; what it came to is what wait throws.
  std::cout << dtenv::api::render(job.report()) << std::flush;
  job.wait();
} catch (const dtenv::api::Exception& e) {
  std::cerr << dtenv_status_name(e.status) << ": " << e.what() << '\n';
  return 1;
}
