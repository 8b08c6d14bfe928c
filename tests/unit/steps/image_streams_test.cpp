#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "base/digest.hpp"
#include "steps/build_log.hpp"
#include "steps/byte_pipe.hpp"
#include "unit/net/net_testing.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;

namespace {

class Recorded final : public Progress {
 public:
  std::vector<std::string> texts;
  std::vector<std::string> lines;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  void text(std::string_view line) override { texts.emplace_back(line); }
  void amount(std::uint64_t so_far, std::uint64_t all) override {
    done = so_far;
    total = all;
  }
  void output(std::string_view, std::string_view line) override { lines.emplace_back(line); }
};

}  // namespace

TEST_SUITE("image_build streams") {
  TEST_CASE("the old builder's steps are progress and its failure names the step") {
    Recorded progress;
    BuildLog log(progress);
    for (const std::string text :
         {"Step 1/2 : FROM base\n", " ---> abc\n", "Step 2/2 : RUN make\n", " ---> Running in 1\n",
          "cc x", ".c\n\x1b[91mx.c:1: err", "or\n\x1b[0m"}) {
      json::object object;
      object["stream"] = text;
      log.take(object);
    }
    CHECK(progress.texts ==
          std::vector<std::string>{"Step 1/2 : FROM base", "Step 2/2 : RUN make"});
    CHECK(progress.lines == std::vector<std::string>{"cc x.c", "x.c:1: error"});
    CHECK(progress.done == 2);
    CHECK(progress.total == 2);
    const auto error = log.explain(Error(Status::command, "exit 2"), "image t:1");
    CHECK(error.message == "image t:1: Step 2/2 : RUN make: exit 2 (last output: x.c:1: error)");
    CHECK(error.detail.size() == 2);
  }

  TEST_CASE("a pipe keeps a few pieces, gives them in order, and ends with the writer's word") {
    asio::io_context loop;
    BytePipe pipe(loop.get_executor(), 2);
    int put = 0;
    const auto writer = [](BytePipe& into, int& count) -> Task<Result<void>> {
      for (int i = 0; i < 10; ++i) {
        DT_CO_TRY(co_await into.put(std::to_string(i)));
        ++count;
      }
      std::optional<Error> failure(Error(Status::io, "cut"));
      co_return co_await into.end(std::move(failure));
    };
    asio::co_spawn(loop, writer(pipe, put), [](std::exception_ptr, Result<void>) {});
    loop.poll();
    CHECK(put <= 3);
    std::string all;
    while (true) {
      const auto piece = run_task(loop, pipe.take());
      if (!piece.has_value()) {
        CHECK(piece.error().message == "cut");
        break;
      }
      all += *piece;
    }
    CHECK(all == "0123456789");
  }

  TEST_CASE("a writer whose reader has gone is told so") {
    asio::io_context loop;
    BytePipe pipe(loop.get_executor(), 1);
    pipe.drop();
    CHECK(run_task(loop, pipe.put("x")).error().status == Status::cancelled);
    BytePipe full(loop.get_executor(), 1);
    CHECK(run_task(loop, full.put("x")).has_value());
    std::optional<Status> status;
    asio::co_spawn(loop, full.put("waits"), [&](std::exception_ptr, Result<void> ended) {
      if (!ended) status = ended.error().status;
    });
    loop.restart();
    loop.poll();
    CHECK_FALSE(status);
    full.drop();
    loop.restart();
    loop.poll();
    CHECK(status == Status::cancelled);
  }
}
