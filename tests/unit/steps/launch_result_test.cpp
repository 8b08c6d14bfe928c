#include "steps/launch_result.hpp"
#include "steps/launch_output.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

LaunchOrder order_of_two() {
  LaunchOrder order;
  order.nodes = {{"n1", {"x"}, {}}, {"n2", {"x"}, {}}};
  order.rank_hosts = {"n1", "n1", "n2", "n2"};
  return order;
}

class Lines final : public Progress {
 public:
  std::vector<std::string> lines;
  void text(std::string_view) override {}
  void amount(std::uint64_t, std::uint64_t) override {}
  void output(std::string_view source, std::string_view line) override {
    lines.push_back(std::string(source) + ": " + std::string(line));
  }
};

}  // namespace

TEST_SUITE("LaunchResult") {
  TEST_CASE("the rank that ended first is the cause, whatever the launcher's own code") {
    auto ranks = parse_rank_ends("0 143 110.5 -\n1 143 110.4 -\n", "n1");
    for (auto& end : parse_rank_ends("2 143 110.3 -\n3 3 108.25 -\n", "n2")) ranks.push_back(end);
    const auto result = launch_result(order_of_two(), {1, 1}, ranks, "");
    CHECK(result.type == "PROGRAM_EXIT");
    CHECK(result.code == 3);
    CHECK(result.host == "n2");
    CHECK(result.rank == 3);
    CHECK(contains(result_text(result), R"("host":"n2","rank":3,"ranks":[{"rank":3,)"));
  }

  TEST_CASE("a signal and lack of memory are told apart from an exit") {
    const auto result =
        launch_result(order_of_two(), {0, 137}, parse_rank_ends("2 137 5 oom\n", "n2"), "");
    CHECK(result.type == "PROGRAM_SIGNAL");
    CHECK(result.signal == 9);
    CHECK(result.oom);
    const auto config = config_of<Launch>(R"({"command": ["a"]})");
    const Error error = result_error(config, result, "");
    CHECK(error.message == "a: ended by signal 9 (out of memory), first on n2 rank 2");
    CHECK(error.detail.at(0).problem == "PROGRAM_SIGNAL(9, oom) on n2 rank 2");
  }

  TEST_CASE("255 of the program is the program's") {
    const auto result =
        launch_result(order_of_two(), {255, 0}, parse_rank_ends("0 255 5 -", "n1"), "");
    CHECK(result.type == "PROGRAM_EXIT");
    CHECK(result.code == 255);
  }

  TEST_CASE("what Open MPI says stands in where the ranks are a script's own") {
    LaunchOrder order = order_of_two();
    order.nodes.resize(1);
    const auto result =
        launch_result(order, {3}, {}, "  Process name: [[39277,1],2]\n  Exit code:    3\n");
    CHECK(result.host == "n2");
    CHECK(result.rank == 2);
  }

  TEST_CASE("an end that no rank had is the launcher's") {
    LaunchOrder order = order_of_two();
    order.kept = true;
    auto result = launch_result(order, {137, 0}, parse_rank_ends("0 0 5 -", "n1"), "");
    CHECK(result.type == "LAUNCHER_SIGNAL");
    CHECK(contains(result_text(result), R"("type":"LAUNCHER_SIGNAL","signal":9,"host":"n1")"));
    result = launch_result(order, {1, 0}, {}, "srun: error: queue is closed\n");
    CHECK(result.type == "LAUNCHER_EXIT");
    CHECK(launch_result(order, {1, 0}, parse_rank_ends("0 1 5 -", "n1"), "").type ==
          "PROGRAM_EXIT");
  }

  TEST_CASE("a run whose end is not known says why") {
    CHECK(unknown_end(Status::timeout) == "DEADLINE");
    CHECK(unknown_end(Status::cancelled) == "CANCELLED");
    CHECK(unknown_end(Status::command) == "RUN_LOST");
    CHECK(unknown_end(Status::host) == "TRANSPORT_LOST");
  }

  TEST_CASE("a known text brings its cause and its repair") {
    const auto config = config_of<Launch>(R"({"command": ["a"]})");
    const auto result = launch_result(order_of_two(), {1, 0}, {}, "");
    const Error error =
        result_error(config, result, "RuntimeError: NCCL: Call to posix_fallocate failed\n");
    REQUIRE(error.detail.size() == 2);
    CHECK(error.detail[1].pointer == "SHM_SMALL");
  }
}

TEST_SUITE("LaunchOutput") {
  TEST_CASE("the same traceback of many ranks is given once, with the others' numbers") {
    const LaunchOrder order = order_of_two();
    Lines lines;
    LaunchOutput output(order, "n1", lines);
    for (const char* rank : {"0", "1", "2"})
      for (const char* line : {"Traceback (most recent call last):", "  File \"a.py\", line 1",
                               "    x()", "ValueError: no"})
        output.take(Stream::out, "[1," + std::string(rank) + "]<stderr>:" + line + "\n");
    output.take(Stream::out, "[1,3]<stdout>:fine\n");
    output.finish();
    CHECK(lines.lines == std::vector<std::string>{
                             "n1 rank 0 err: Traceback (most recent call last):",
                             "n1 rank 0 err:   File \"a.py\", line 1", "n1 rank 0 err:     x()",
                             "n1 rank 0 err: ValueError: no", "n2 rank 3 out: fine",
                             "n1 rank 1 err: the same traceback came from 2 more ranks: 1, 2"});
  }

  TEST_CASE("a traceback that never ends is given and not kept") {
    const LaunchOrder order = order_of_two();
    Lines lines;
    LaunchOutput output(order, "n1", lines);
    output.take(Stream::out, "[1,0]<stderr>:Traceback (most recent call last):\n");
    for (int i = 0; i < 2000; ++i)
      output.take(Stream::out, "[1,0]<stderr>:  " + std::string(100, 'x') + "\n");
    CHECK(lines.lines.size() > 1000);
  }
}
