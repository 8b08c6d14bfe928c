// What is wrong with my environment document, and what would apply change on my machines?
//   build: g++ 01_validate_and_plan.cpp $(pkg-config --cflags --libs dtenv) -o 01_validate_and_plan
//   run:   ./01_validate_and_plan environment.json
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

  // A check reads every machine and changes nothing.
  dtenv::api::validate(environment);
  dtenv::api::Session session;
  const dtenv::api::Job job = session.check(environment);
  job.wait();
  std::cout << dtenv::api::render(job.plan());
} catch (const dtenv::api::Exception& e) {
  // The JSON form says where: a pointer, a line and a column for each problem.
  std::cerr << dtenv_status_name(e.status) << ": " << e.what() << '\n' << e.json << '\n';
  return 1;
}
