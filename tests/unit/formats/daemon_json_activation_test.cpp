#include "formats/daemon_json_activation.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

ActivationPlan plan(std::string before, std::string after, DaemonState state = {}) {
  if (!state.engine.known) state.engine = parse_engine_release("20.10.24");
  const auto old_text = JsonText::parse(std::move(before), "before");
  const auto new_text = JsonText::parse(std::move(after), "after");
  REQUIRE(old_text);
  REQUIRE(new_text);
  return plan_activation(*old_text, *new_text, state);
}

DaemonState with_flags(Argv flags) {
  DaemonState state;
  state.unit_flags = std::move(flags);
  return state;
}

DaemonState with_containers(int count) {
  DaemonState state;
  state.running_containers = count;
  return state;
}

}  // namespace

TEST_SUITE("daemon.json: coming into force") {
  TEST_CASE("the table of keys is sorted, for it is searched by halves") {
    const auto& keys = daemon_keys();
    CHECK(std::is_sorted(keys.begin(), keys.end(),
                         [](const DaemonKey& a, const DaemonKey& b) { return a.name < b.name; }));
  }

  TEST_CASE("only the layout differs: nothing to do") {
    CHECK(plan("{\"debug\":true}", "{ \"debug\": true }\n").activation == Activation::none);
  }

  TEST_CASE("keys that SIGHUP takes are reloaded, containers stay") {
    for (const char* after :
         {"{\"registry-mirrors\": []}", "{\"live-restore\": true}", "{\"debug\": true}",
          "{\"labels\": [\"a=b\"]}", "{\"runtimes\": {\"x\": {\"path\": \"/x\"}}}",
          "{\"max-concurrent-downloads\": 5}", "{\"shutdown-timeout\": 20}",
          "{\"insecure-registries\": [\"a:5000\"]}"}) {
      CAPTURE(after);
      const auto planned = plan("{}", after, with_containers(3));
      CHECK(planned.activation == Activation::reload);
      CHECK(planned.containers_survive);
    }
  }

  TEST_CASE("keys that are read at start need a restart") {
    for (const char* after :
         {"{\"log-driver\": \"local\"}", "{\"data-root\": \"/d\"}", "{\"log-opts\": {}}",
          "{\"exec-opts\": [\"native.cgroupdriver=systemd\"]}", "{\"storage-driver\": \"vfs\"}",
          "{\"features\": {\"cdi\": true}}", "{\"init\": true}"}) {
      CAPTURE(after);
      const auto planned = plan("{}", after, with_containers(2));
      CHECK(planned.activation == Activation::restart);
      CHECK_FALSE(planned.containers_survive);
    }
  }

  TEST_CASE("a key that is gone from the file would stick: restart") {
    CHECK(plan("{\"registry-mirrors\": [\"https://a\"]}", "{}").activation == Activation::restart);
    for (const char* key : {"max-concurrent-downloads", "max-concurrent-uploads",
                            "max-download-attempts", "network-diagnostic-port"}) {
      CAPTURE(key);
      const auto gone = plan("{\"" + std::string(key) + "\": 7}", "{}");
      CHECK(gone.activation == Activation::reload);
    }
    CHECK(plan("{\"features\": {\"x\": true}}", "{}").activation == Activation::reload);
    CHECK(plan("{\"features\": {\"cdi\": true}}", "{}").activation == Activation::restart);
  }

  TEST_CASE("live-restore carries containers over a restart; switched on at once, reload first") {
    const auto kept =
        plan("{\"live-restore\": true}", "{\"live-restore\": true, \"log-driver\": \"local\"}",
             with_containers(2));
    CHECK(kept.activation == Activation::restart);
    CHECK(kept.containers_survive);
    CHECK_FALSE(kept.reload_first);
    const auto fresh =
        plan("{}", "{\"live-restore\": true, \"log-driver\": \"local\"}", with_containers(2));
    CHECK(fresh.containers_survive);
    CHECK(fresh.reload_first);
    CHECK_FALSE(plan("{\"live-restore\": true}", "{\"live-restore\": true, \"data-root\": \"/d\"}",
                     with_containers(2))
                    .containers_survive);
  }

  TEST_CASE("what the daemon runs with counts, not what its file says") {
    DaemonState behind = with_containers(2);
    behind.live_restore = false;
    const std::string on = "{\"live-restore\": true}";
    const std::string more = "{\"live-restore\": true, \"log-driver\": \"local\"}";
    const auto first = plan(on, more, behind);
    CHECK(first.reload_first);
    CHECK(first.containers_survive);
    DaemonState ahead = with_containers(2);
    ahead.live_restore = true;
    CHECK_FALSE(plan("{}", more, ahead).reload_first);
  }

  TEST_CASE("what kills an engine up to 24 on reload is never reloaded") {
    const std::string before =
        "{\"default-runtime\": \"nvidia\", \"runtimes\": {\"nvidia\": {\"path\": \"/x\"}}}";
    CHECK(plan(before, "{\"default-runtime\": \"runc\", \"runtimes\": {}}").activation ==
          Activation::restart);
    CHECK(plan("{}", "{\"runtimes\": null}").activation == Activation::restart);
    CHECK(plan("{\"runtimes\": {}}", "{\"runtimes\": {}, \"debug\": true}").activation ==
          Activation::restart);
    CHECK(plan(before, "{\"default-runtime\": \"nvidia\", \"runtimes\": {}}").activation ==
          Activation::refuse);
    DaemonState newer;
    newer.engine = parse_engine_release("25.0.1");
    CHECK(plan("{\"runtimes\": {}}", "{\"runtimes\": {}, \"debug\": true}", newer).activation ==
          Activation::reload);
  }

  TEST_CASE("a key that the unit gives as a flag too is refused, runtimes excepted") {
    const auto planned = plan("{}", "{\"hosts\": [\"tcp://0.0.0.0:2375\"]}",
                              with_flags({"/usr/sbin/dockerd", "-H", "fd://"}));
    CHECK(planned.activation == Activation::refuse);
    CHECK(contains(planned.reasons.back(),
                   "hosts: (from flag: [fd://], from file: [tcp://0.0.0.0:2375])"));
    CHECK(plan("{}", "{\"data-root\": \"/d\"}", with_flags({"--data-root=/x"})).activation ==
          Activation::refuse);
    CHECK(plan("{}", "{\"debug\": false}", with_flags({"-D"})).activation == Activation::refuse);
    const auto both = plan("{}", "{\"debug\": false, \"log-opts\": {\"b\": \"1\", \"a\": \"2\"}}",
                           with_flags({"--debug", "--log-opt", "c=3"}));
    CHECK(contains(
        both.reasons.back(),
        "file: debug: (from flag: true, from file: false), log-opts: (from flag: map[c:3], "
        "from file: map[a:2 b:1])"));
    CHECK(plan("{}", "{\"registry-mirrors\": []}", with_flags({"--registry-mirror", "https://a"}))
              .activation == Activation::refuse);
    CHECK(plan("{}", "{\"runtimes\": {\"x\": {\"path\": \"/x\"}}}",
               with_flags({"--add-runtime=y=/y"}))
              .activation == Activation::reload);
  }

  TEST_CASE("live-restore in a swarm is refused") {
    DaemonState state;
    state.swarm = true;
    const auto planned = plan("{}", "{\"live-restore\": true}", state);
    CHECK(planned.activation == Activation::refuse);
    CHECK(contains(planned.reasons.back(), "incompatible with swarm mode"));
  }

  TEST_CASE("an unknown key is refused: neither a reload nor a restart takes anything beside it") {
    const auto reloaded = plan("{\"my-key\": 1}", "{\"my-key\": 1, \"debug\": true}");
    CHECK(reloaded.activation == Activation::refuse);
    CHECK(contains(reloaded.reasons.back(), "don't match any configuration option: my-key"));
    DaemonState newer;
    newer.engine = parse_engine_release("31.0.1");
    const auto asked = plan("{\"my-key\": 1}", "{\"my-key\": 1, \"debug\": true}", newer);
    CHECK(asked.activation == Activation::reload);
    CHECK(contains(asked.reasons.back(), "engine 31 has the last word"));
    CHECK(plan("{\"my-key\": 1}", "{\"my-key\": 1, \"mtu\": 1400}").activation ==
          Activation::refuse);
    CHECK(plan("{}", "{\"proxies\": {\"http-proxy\": \"http://p\"}}").activation ==
          Activation::refuse);
  }
}
