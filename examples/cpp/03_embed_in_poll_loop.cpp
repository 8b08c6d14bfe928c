// How do I drive dtenv from my scheduler's own poll() loop, with a deadline of my own?
//   build: g++ 03_embed_in_poll_loop.cpp $(pkg-config --cflags --libs dtenv) -o
//   03_embed_in_poll_loop run:   ./03_embed_in_poll_loop environment.json
#include <poll.h>

#include <chrono>
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

  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(30);
  pollfd fds[] = {{session.fd(), POLLIN, 0}};  // your scheduler's descriptors go here too
  for (bool running = true; running;) {
    ::poll(fds, std::size(fds), 1000);
    if (std::chrono::steady_clock::now() > deadline) job.cancel();
    while (const auto event = session.next_event(0)) {
      // Events are JSON lines; a real scheduler would hand them to its parser.
      std::cout << *event << std::endl;
      if (event->find("\"job.finished\"") != std::string::npos) running = false;
    }
  }
  job.wait();  // throws what stopped the job
  std::cout << "OK\n";
} catch (const dtenv::api::Exception& e) {
  std::cerr << dtenv_status_name(e.status) << ": " << e.what() << '\n';
  return 1;
}
