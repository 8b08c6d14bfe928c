#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "host/fake_host.hpp"
#include "steps/docker_changes.hpp"
#include "unit/steps/step_testing.hpp"

// What the tests of DockerConfig's packages share: machines, plans of one of them, and what apply()
// does to a machine that is not there.
namespace dtenv::docker_testing {

using Facts = DockerConfig::Facts;

constexpr std::string_view docker_print = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";
constexpr std::string_view nvidia_print = "C95B321B61E88C1809C4F759DDCAE044F796ECB0";
constexpr std::string_view ce = R"({"source": "docker-ce"})";
constexpr std::string_view toolkit = R"({"nvidia_toolkit": {}})";

inline Facts bare() {
  Facts facts;
  facts.os = parse_os_release("ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
  facts.architecture = "amd64";
  facts.root = true;
  facts.engine_problem = "/var/run/docker.sock: no such file";
  facts.config_file = "/etc/docker/daemon.json";
  return facts;
}

inline Facts rocky() {
  Facts facts = bare();
  facts.os = parse_os_release(
      "NAME=\"Rocky Linux\"\nVERSION=\"9.4 (Blue Onyx)\"\nID=\"rocky\"\n"
      "ID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPLATFORM_ID=\"platform:el9\"\n"
      "PRETTY_NAME=\"Rocky Linux 9.4 (Blue Onyx)\"\n");
  facts.architecture.clear();
  return facts;
}

/// An engine runs, and there is a GPU.
inline Facts with_gpu() {
  Facts facts = bare();
  facts.engine = true;
  facts.info.version = "24.0.7";
  facts.info.default_runtime = "runc";
  facts.daemon_pid = 100;
  facts.daemon_argv = {"/usr/bin/dockerd"};
  facts.gpu = true;
  return facts;
}

inline Plan plan_of(std::string_view step, Facts facts) {
  static const auto nodes = two_nodes();
  const auto config = config_of<DockerConfig>(step);
  auto plan = DockerConfig::plan(config, cluster_of(nodes, std::vector{std::move(facts)}));
  REQUIRE(plan);
  return std::move(*plan);
}

inline const Error& failure_of(const Plan& plan) {
  CHECK(plan.changes.empty());
  REQUIRE(plan.failures.size() == 1);
  return plan.failures.begin()->second;
}

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class Silence final : public Progress {
 public:
  void text(std::string_view) override {}
  void amount(std::uint64_t, std::uint64_t) override {}
  void output(std::string_view, std::string_view) override {}
};

/// What apply() makes of one change on a machine that is not there.
inline Result<void> apply_to(FakeHost& host, std::string_view step, const Change& change) {
  const auto nodes = two_nodes();
  const Outputs outputs;
  Silence progress;
  Target target{host, nodes[0], nodes, outputs, progress, {}, {}, "test"};
  const auto config = config_of<DockerConfig>(step);
  asio::io_context loop;
  Result<void> result;
  asio::co_spawn(loop, DockerConfig::apply(config, change, target),
                 [&](const std::exception_ptr& thrown, Result<void> value) {
                   if (thrown) std::rethrow_exception(thrown);
                   result = std::move(value);
                 });
  loop.run();
  return result;
}

/// The commands that were run, without what keeps apt from asking.
inline std::string commands_of(const FakeHost& host) {
  std::string all;
  for (const Command& command : host.commands) {
    Argv argv;
    for (std::size_t i = 0; i < command.argv.size(); ++i) {
      const std::string& word = command.argv[i];
      if (word == "sh") break;
      if (word == "-q" || word == "-y" || word == "-o") continue;
      if (has(word, "pkg::") || has(word, "DPkg::") || has(word, "Dir::")) continue;
      argv.push_back(word);
    }
    if (!argv.empty()) all += join(argv, " ") + "\n";
  }
  return all;
}

constexpr std::string_view own_print = "FDE55F7498C3A9C7DA8B91BCB69F23385E00FE9E";

/// docker-ce with a throwaway key made for tests, whose fingerprint is `own_print`.
inline std::string own_key_step(std::string_view fingerprint) {
  return R"({"source": "docker-ce", "repository": {"key": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n)"
         R"(mDMEawTKShYJKwYBBAHaRw8BAQdAgtsy+WER+bqk1Vhn16K+sUAEvT+Vvc/icl+t\n)"
         R"(HcO/ltO0HWR0ZW52IHRlc3QgPHRlc3RAZXhhbXBsZS5jb20+iJAEExYIADgWIQT9\n)"
         R"(5V90mMOpx9qLkby2nyM4XgD+ngUCawTKSgIbAwULCQgHAgYVCgkICwIEFgIDAQIe\n)"
         R"(AQIXgAAKCRC2nyM4XgD+nh4rAQD/G8XYi2WyfrK7bTur1yPtNpxbYUlqfHSpzoEY\n)"
         R"(nesGoQD/cZeWMh4c50336iwdyZcGopaDfiH7sD3kwtxvzYwLbQs=\n=cxTk\n)"
         R"(-----END PGP PUBLIC KEY BLOCK-----\n")" +
         (fingerprint.empty() ? "" : ", \"fingerprint\": \"" + std::string(fingerprint) + "\"") +
         "}}";
}

}  // namespace dtenv::docker_testing
