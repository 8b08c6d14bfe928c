#include "engine/runner.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "unit/doctest_result.hpp"
#include "unit/engine/test_step.hpp"

using namespace dtenv;

namespace {

struct Bench {
  TestWorld world;
  Environment environment;
  std::vector<std::string> events;
  std::uint64_t sequence = 0;
  std::string plan;

  explicit Bench(std::vector<std::string> names) {
    environment.cluster = "c";
    for (const std::string& name : names) {
      Node node;
      node.name = name;
      environment.nodes.push_back(node);
    }
  }
  template <bool whole>
  Bench& step(typename TestStep<whole>::Config config) {
    StepEntry entry;
    entry.step = std::make_unique<StepAdapter<TestStep<whole>>>(std::move(config));
    entry.id = std::string(entry.step->kind()) + std::to_string(environment.steps.size());
    environment.steps.push_back(std::move(entry));
    return *this;
  }

  json::object run(JobKind kind, std::string approved = {}, Duration cancel_after = Duration(0)) {
    boost::asio::io_context io;
    RunnerOptions options;
    options.job_id = "job";
    options.kind = kind;
    options.make_host = [this](const Node& node) {
      return std::make_unique<TestHost>(world, node.name);
    };
    options.secret = [](std::string_view) -> const Secret* { return nullptr; };
    auto approval = Approval::make(approved, environment.allow);
    REQUIRE(approval);
    EventStream stream("job", sequence,
                       [this](EventClass, std::string line) { events.push_back(line); });
    Runner runner(std::move(options), std::move(environment), std::move(*approval),
                  std::move(stream));
    boost::asio::cancellation_signal signal;
    boost::asio::steady_timer timer(io, cancel_after);
    if (cancel_after.count() > 0)
      timer.async_wait([&](boost::system::error_code ec) {
        if (!ec) signal.emit(boost::asio::cancellation_type::terminal);
      });
    boost::asio::co_spawn(
        io, runner.run(),
        boost::asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& failure) {
          timer.cancel();
          CHECK(!failure);
        }));
    io.run();
    plan = runner.plan_text();
    return report_json(runner.report());
  }
};

std::string status(const json::object& report) {
  return std::string(report.at("status").as_string());
}
std::size_t made(const json::object& report) {
  return report.at("changes_made").to_number<std::size_t>();
}
std::string host_status(const json::object& report, std::size_t host) {
  return std::string(report.at("hosts").as_array()[host].as_object().at("status").as_string());
}

}  // namespace

TEST_SUITE("Runner") {
  TEST_CASE("check changes nothing and says what it would do and why") {
    Bench bench({"a", "b"});
    const auto report = bench.step<false>({"x", "", 1}).run(JobKind::check);
    CHECK(status(report) == "OK");
    CHECK(bench.world.applies == 0);
    CHECK(report.at("changes_planned").to_number<int>() == 2);
    CHECK(bench.plan.find("the value is another") != std::string::npos);
  }

  TEST_CASE("apply goes through the stages and a second apply changes nothing") {
    Bench bench({"a", "b"});
    auto report = bench.step<false>({"xyz", "", 3}).run(JobKind::apply);
    CHECK(status(report) == "OK");
    CHECK(made(report) == 6);
    CHECK(bench.world.values["b"] == "xyz");
    Bench again({"a", "b"});
    again.world = bench.world;
    report = again.step<false>({"xyz", "", 3}).run(JobKind::apply);
    CHECK(made(report) == 0);
    CHECK(again.world.applies == 6);
  }

  TEST_CASE("one machine that cannot be reached hides and stops nobody") {
    Bench bench({"a", "b"});
    bench.world.connect_errors["a"] = Error(Status::host, "no route");
    const auto report =
        bench.step<false>({"x", "", 1}).step<true>({"x", "", 1}).run(JobKind::apply);
    CHECK(status(report) == "PARTIAL");
    CHECK(host_status(report, 0) == "unreachable");
    CHECK(bench.world.values["b"] == "x");
    // The step over the whole cluster did not run with a machine missing.
    CHECK(host_status(report, 1) == "blocked");
  }

  TEST_CASE("all machines failing is that error, not PARTIAL") {
    Bench bench({"a"});
    bench.world.apply_errors["a"] = Error(Status::command, "exit 3");
    const auto report = bench.step<false>({"x", "", 1}).run(JobKind::apply);
    CHECK(status(report) == "COMMAND");
    CHECK(host_status(report, 0) == "failed");
  }

  TEST_CASE("what disrupts is refused before the first write unless it is allowed") {
    Bench bench({"a", "b"});
    auto report =
        bench.step<false>({"x", "", 1}).step<false>({"xy", "containers", 1}).run(JobKind::apply);
    CHECK(status(report) == "REFUSED");
    CHECK(bench.world.applies == 0);
    CHECK(json::serialize(report).find("container web") != std::string::npos);
    Bench allowed({"a", "b"});
    allowed.environment.allow = {"containers"};
    report = allowed.step<false>({"xy", "containers", 1}).run(JobKind::apply);
    CHECK(status(report) == "OK");
  }

  TEST_CASE("an approved plan is all that an apply does") {
    Bench bench({"a", "b"});
    bench.step<false>({"x", "", 1}).run(JobKind::check);
    Bench same({"a", "b"});
    CHECK(status(same.step<false>({"x", "", 1}).run(JobKind::apply, bench.plan)) == "OK");
    Bench moved({"a", "b"});
    const auto report = moved.step<false>({"y", "", 1}).run(JobKind::apply, bench.plan);
    CHECK(status(report) == "PLAN_STALE");
    CHECK(moved.world.applies == 0);
    Bench fewer({"a", "b"});
    fewer.world.values["a"] = "x";
    CHECK(status(fewer.step<false>({"x", "", 1}).run(JobKind::apply, bench.plan)) == "OK");
  }

  TEST_CASE("a change that does not take is an error, not a loop") {
    Bench bench({"a"});
    bench.world.apply_does_nothing = true;
    const auto report = bench.step<false>({"x", "", 1}).run(JobKind::apply);
    CHECK(status(report) == "VERIFY");
    CHECK(bench.world.applies == 1);
  }

  TEST_CASE("verify fails while something is to do") {
    Bench bench({"a"});
    CHECK(status(bench.step<false>({"x", "", 1}).run(JobKind::verify)) == "VERIFY");
    Bench done({"a"});
    done.world.values["a"] = "x";
    CHECK(status(done.step<false>({"x", "", 1}).run(JobKind::verify)) == "OK");
  }

  TEST_CASE("cancel ends the job at once and stops what was begun") {
    Bench bench({"a", "b"});
    bench.world.apply_time = std::chrono::seconds(600);
    const auto report = bench.step<false>({"x", "", 1}).run(JobKind::apply, "", Duration(20));
    CHECK(status(report) == "CANCELLED");
    CHECK(bench.world.stops == 2);
    CHECK(host_status(report, 1) == "cancelled");
  }

  TEST_CASE("destroy takes away what the steps name, last step first") {
    Bench bench({"a", "b"});
    bench.world.values = {{"a", "x"}, {"b", ""}};
    const auto report = bench.step<false>({"x", "", 1}).run(JobKind::destroy);
    CHECK(status(report) == "OK");
    CHECK(made(report) == 1);
    CHECK(bench.world.values["a"].empty());
  }

  TEST_CASE("events are numbered and end with the plan's size said") {
    Bench bench({"a"});
    bench.step<false>({"x", "", 1}).run(JobKind::check);
    std::uint64_t last = 0;
    for (const std::string& line : bench.events) {
      const auto event = json::parse(line).as_object();
      CHECK(event.at("seq").to_number<std::uint64_t>() == last + 1);
      last = event.at("seq").to_number<std::uint64_t>();
    }
    CHECK(bench.events.back().find("\"plan.ready\"") != std::string::npos);
  }
}
