// The C++17 face: handles free themselves, errors are exceptions that carry their JSON.
#include <dtenv/dtenv.hpp>

#include <atomic>
#include <string>
#include <utility>

#include "check.h"

namespace {

const char document[] =
    R"({"v": 1, "nodes": [{"name": "here", "local": true}], "steps": [{"kind": "driver_check"}]})";

template <class Body>
dtenv::api::Exception thrown_by(Body body) {
  try {
    body();
  } catch (const dtenv::api::Exception& error) {
    return error;
  }
  CHECK(!"nothing was thrown");
  std::abort();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void follows_a_job() {
  dtenv::api::Session session;
  const dtenv::api::Job job = session.check(document);
  bool finished = false;
  while (!finished)
    if (const auto event = session.next_event(30000)) finished = contains(*event, "job.finished");
  job.wait();
  CHECK(job.ended() && job.state() == DTENV_JOB_SUCCEEDED);
  CHECK(contains(job.plan(), job.id()));
  CHECK(contains(dtenv::api::render(job.report()), "here"));
  CHECK(!session.next_event(0));
}

void takes_callbacks() {
  std::atomic<int> calls = 0;
  {
    dtenv::api::Session session("{\"max_parallel_hosts\": 4}");
    session.set_callback([&calls](const std::string&) { ++calls; });
    session.check(document).wait();
    session.shutdown();
    session.set_callback({});
  }
  CHECK(calls > 0);
}

void throws_what_failed() {
  const auto config = thrown_by([] { dtenv::api::validate("{\"v\": 2}"); });
  CHECK(config.status == DTENV_E_CONFIG && contains(config.json, "/v"));
  const auto version = thrown_by([] { dtenv::api::Session session("{\"nothing\": 1}"); });
  CHECK(version.status == DTENV_E_CONFIG);
  const auto run = thrown_by([] { dtenv::api::run("destory", document); });
  CHECK(run.status == DTENV_E_NOT_FOUND && run.report.empty());
  const auto nul = thrown_by([] { dtenv::api::validate(std::string("{}\0{}", 5)); });
  CHECK(nul.status == DTENV_E_INVALID);
  const auto latin1 = thrown_by([] { dtenv::api::validate("{\n  \"\xe4\": 1}"); });
  CHECK(contains(latin1.json, "\"line\":2,\"column\":4"));
  CHECK(contains(dtenv::api::eval("size.parse", R"({"value": "1k"})"), "1024"));
  CHECK(contains(dtenv::api::step_kinds(), "driver_check"));
  CHECK(contains(dtenv::api::document_schema(), "nodes"));
}

void moves() {
  dtenv::api::Session first;
  dtenv::api::Session second = std::move(first);
  CHECK(second.fd() > 2);
  const auto moved_from = thrown_by([&first] { first.fd(); });  // NOLINT(bugprone-use-after-move)
  CHECK(moved_from.status == DTENV_E_INVALID);
}

}  // namespace

int main() {
  follows_a_job();
  takes_callbacks();
  throws_what_failed();
  moves();
  return 0;
}
