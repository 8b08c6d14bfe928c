// cluster_bench NODES WINDOW FLAKY DOWN VERB: a job over simulated machines (sim_machine.hpp), 50
// ms a dial, WINDOW of them at once; FLAKY of them find their sshd busy at the first dial, DOWN
// never answer. The environment document comes on stdin. Prints "SECONDS PROCESSOR_SECONDS PEAK_MIB
// MADE STATUS" of the job, plan and report as JSON included (tests/bench/cluster.py).
#include <sys/resource.h>

#include <chrono>
#include <iostream>
#include <iterator>
#include <string>

#include "base/status.hpp"
#include "base/text.hpp"
#include "bench/sim_machine.hpp"
#include "engine/job.hpp"

using namespace dtenv;

namespace {

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

long peak_mib() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss / 1024;
}

std::optional<JobKind> kind_of(std::string_view verb) {
  for (const JobKind kind : {JobKind::check, JobKind::apply, JobKind::verify, JobKind::destroy})
    if (job_kind_name(kind) == verb) return kind;
  return std::nullopt;
}

/// Machines outlive their jobs here: a second job finds what the first one wrote.
struct World {
  SimTexts texts;
  std::map<std::string, std::unique_ptr<SimMachine>> machines;
};

/// What a job is given in place of a connection: the machine, lent.
class Lent final : public Host {
 public:
  explicit Lent(SimMachine& machine) : machine_(machine) {}
  const std::string& name() const override { return machine_.name(); }
  Task<Result<void>> connect() override { return machine_.connect(); }
  Task<Result<Outcome>> run(const Command& command, OutputSink sink) override {
    return machine_.run(command, std::move(sink));
  }
  Task<Result<std::optional<FileState>>> read(std::string path, std::size_t limit) override {
    return machine_.read(std::move(path), limit);
  }
  Task<Result<void>> write_all(std::span<const FileWrite> files) override {
    return machine_.write_all(files);
  }
  Task<Result<Docker*>> docker() override { return machine_.docker(); }

 private:
  SimMachine& machine_;
};

struct Totals {
  std::uint64_t sequence = 0;
  std::size_t event_bytes = 0;
};

void run_job(const std::string& document, World& world, std::size_t window, int flaky, int down,
             JobKind kind) {
  const auto begun = std::chrono::steady_clock::now();
  const double processor = processor_seconds();
  Environment environment = parse_environment(document).value();
  RunnerOptions options;
  options.job_id = "sim";
  options.kind = kind;
  options.max_parallel = window;
  int number = 0;
  options.make_host = [&](const Node& node) -> std::unique_ptr<Host> {
    auto& machine = world.machines[node.name];
    SimBehaviour behaviour;
    behaviour.refusals = number < flaky ? 1 : 0;
    behaviour.down = number >= flaky && number < flaky + down;
    ++number;
    if (!machine) machine = std::make_unique<SimMachine>(node, world.texts, behaviour);
    return std::make_unique<Lent>(*machine);
  };
  Totals totals;
  EventStream events("sim", totals.sequence, [&totals](EventClass, const std::string& line) {
    totals.event_bytes += line.size();
  });
  auto loop = std::make_shared<LoopThread>();
  Approval approval = Approval::make("", environment.allow).value();
  auto runner = std::make_unique<Runner>(std::move(options), std::move(environment),
                                         std::move(approval), std::move(events));
  auto job = std::make_shared<RunningJob>(loop, "sim", std::move(runner));
  loop->run_there([&] { job->start([] {}); }, std::chrono::seconds(60));
  const auto came_to = job->wait(std::chrono::minutes(10));
  const std::string report = job->report().value();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const std::size_t at = report.rfind("\"changes_made\":");
  const std::string made = report.substr(at + 15, report.find(',', at) - at - 15);
  std::cout << seconds << " " << processor_seconds() - processor << " " << peak_mib() << " " << made
            << " " << (came_to ? "OK" : status_name(came_to.error().status)) << std::endl;
  if (!came_to) std::cerr << came_to.error().message << "\n";
  loop->finish(std::chrono::seconds(2));
}

/// Every machine has the same files, with a line for every other.
void check(const World& world, std::size_t nodes) {
  const auto lines = [&](const std::string& path, std::string_view part) {
    const SharedText first = world.machines.begin()->second->file(path);
    for (const auto& [name, machine] : world.machines)
      if (!first || machine->file(path) != first)
        throw std::runtime_error(name + ": another " + path);
    std::size_t count = 0;
    for (const std::string_view line : split_lines(*first)) count += contains(line, part) ? 1 : 0;
    if (count != nodes) throw std::runtime_error(path + " does not name every machine");
  };
  lines("/root/.ssh/authorized_keys", "ssh-ed25519 ");
  lines("/root/.ssh/known_hosts_dtenv", "ssh-ed25519 ");
  lines("/root/.ssh/config", "Hostname ");
  lines("/data/hostfile", " slots=8");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 6) return 2;
  const std::string document{std::istreambuf_iterator<char>(std::cin), {}};
  const auto nodes = static_cast<std::size_t>(std::stoul(argv[1]));
  World world;
  for (int i = 5; i < argc; ++i) {
    const auto kind = kind_of(argv[i]);
    if (!kind) return 2;
    run_job(document, world, std::stoul(argv[2]), std::stoi(argv[3]), std::stoi(argv[4]), *kind);
    if (*kind == JobKind::apply && std::stoi(argv[4]) == 0) check(world, nodes);
  }
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
