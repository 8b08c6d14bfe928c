#include "formats/daemon_json_members.hpp"

#include "base/text.hpp"

#include "formats/daemon_json_check.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

/// "POINTER LINE:COLUMN PROBLEM" of each problem.
std::string problems(std::string_view text, std::string_view engine = "20.10.24") {
  const auto root = parse_json(text, "daemon.json");
  REQUIRE(root);
  std::string all;
  for (const Problem& one : check_daemon_json(*root, text, parse_engine_release(engine)))
    all += one.pointer + " " + std::to_string(one.line) + ":" + std::to_string(one.column) + " " +
           one.problem + "\n";
  return all;
}

std::string ignored(std::string_view text, std::string_view engine = "24.0.7") {
  const auto root = parse_json(text, "daemon.json");
  REQUIRE(root);
  return join(ignored_daemon_members(*root, text, parse_engine_release(engine)), "\n");
}

}  // namespace

TEST_SUITE("daemon.json: members of options") {
  TEST_CASE("each has its type, and a fault its line and column") {
    CHECK(
        problems("{\n  \"builder\": {\"GC\": {\"enabled\": \"yes\",\n  \"policy\": [\"all\"]}}}") ==
        "/builder/GC/enabled 2:33 true or false expected, a string found\n"
        "/builder/GC/policy/0 3:14 an object expected, a string found\n");
    CHECK(problems("{\"builder\": {\"entitlements\": {\"network-host\": 1}}}") ==
          "/builder/entitlements/network-host 1:47 true or false expected, a number found\n");
    CHECK(problems("{\"default-ulimits\": {\"nofile\": {\"Hard\": \"1\", \"Soft\": 1.5}}}") ==
          "/default-ulimits/nofile/Hard 1:41 a number expected, a string found\n"
          "/default-ulimits/nofile/Soft 1:54 a whole number expected, 1.5 found\n");
    CHECK(problems("{\"default-ulimits\": {\"nofile\": 1024}}") ==
          "/default-ulimits/nofile 1:32 an object expected, a number found\n");
    CHECK(problems("{\"runtimes\": {\"x\": {\"path\": 1, \"runtimeArgs\": [2]}}}") ==
          "/runtimes/x/path 1:29 a string expected, a number found\n"
          "/runtimes/x/runtimeArgs/0 1:48 a string expected, a number found\n");
    CHECK(problems("{\"default-network-opts\": {\"bridge\": {\"a\": 1}}}", "24.0.7") ==
          "/default-network-opts/bridge/a 1:43 a string expected, a number found\n");
    CHECK(problems("{\"nri-opts\": {\"enable\": \"x\", \"socket-path\": 1}}", "29.0.0") ==
          "/nri-opts/enable 1:25 true or false expected, a string found\n"
          "/nri-opts/socket-path 1:45 a string expected, a number found\n");
    CHECK(problems("{\"proxies\": {\"http-proxy\": 1}}", "24.0.7") ==
          "/proxies/http-proxy 1:28 a string expected, a number found\n");
    CHECK(problems("{\"tlsopts\": {\"tlscacert\": true}}") ==
          "/tlsopts/tlscacert 1:27 a string expected, true or false found\n");
    CHECK(problems("{\"containerd-namespace\": [], \"containerd\": 1}") ==
          "/containerd-namespace 1:26 a string expected, an array found\n"
          "/containerd 1:44 a string expected, a number found\n");
  }

  TEST_CASE("a value the daemon does not start with is told in its own words") {
    CHECK(
        contains(problems("{\"default-address-pools\": [{\"base\": \"10.0.0.0\", \"size\": 24}]}"),
                 "/default-address-pools/0 1:37 invalid base pool \"10.0.0.0\": invalid CIDR"));
    CHECK(contains(
        problems("{\"default-address-pools\": [{\"base\": \"10.0.0.0/24\", \"size\": 16}]}"),
        "invalid pools size: 16"));
    CHECK(contains(problems("{\"default-address-pools\": [{\"base\": \"10.0.0.0/8\"}]}"),
                   "invalid pools size: 0"));
    CHECK(
        problems("{\"default-address-pools\": [{\"Base\": \"fd00::/8\", \"Size\": 64}]}").empty());
    CHECK(contains(problems("{\"builder\": {\"gc\": {\"defaultKeepStorage\": \"10QB\"}}}"),
                   "invalid size: '10QB'"));
    CHECK(
        problems("{\"builder\": {\"gc\": {\"defaultReservedSpace\": \"10%\"}}}", "28.0.0").empty());
    CHECK(contains(problems("{\"builder\": {\"gc\": {\"policy\": [{\"keepStorage\": \"1GB\", "
                            "\"filter\": [\"x\"]}]}}}"),
                   "/builder/gc/policy/0/filter/0 1:66 invalid filter 'x'"));
    CHECK(contains(problems("{\"builder\": {\"gc\": {\"policy\": [{\"all\": true}]}}}"),
                   "invalid size: ''"));
  }

  TEST_CASE("log-opts are those of the log-driver beside them") {
    CHECK(
        contains(problems("{\"log-driver\": \"json-file\", \"log-opts\": {\"max-sise\": \"1m\"}}"),
                 "unknown log opt 'max-sise' for json-file log driver"));
    CHECK(contains(problems("{\"log-driver\": \"local\", \"log-opts\": {\"tag\": \"x\"}}"),
                   "unknown log opt 'tag' for log driver local"));
    CHECK(contains(problems("{\"log-driver\": \"local\", \"log-opts\": {\"mode\": \"x\"}}"),
                   "logging mode not supported: x"));
    CHECK(contains(
        problems("{\"log-driver\": \"local\", \"log-opts\": {\"max-buffer-size\": \"4m\"}}"),
        "only supported with 'mode=non-blocking'"));
    // Which driver a flag, or a plug-in, brings: not to be known from the file.
    CHECK(problems("{\"log-opts\": {\"whatever\": \"1m\"}}").empty());
    CHECK(problems("{\"log-driver\": \"loki\", \"log-opts\": {\"loki-url\": \"u\"}}").empty());
  }

  TEST_CASE("what the daemon passes over in silence is told, and no fault") {
    // As nvidia-ctk writes it.
    constexpr std::string_view ctk =
        "{\"runtimes\": {\"nvidia\": {\"args\": [], \"path\": \"/x\"}}}";
    CHECK(problems(ctk, "24.0.7").empty());
    CHECK(
        contains(ignored(ctk), "/runtimes/nvidia/args: the daemon passes \"args\" over (line 1)"));
    CHECK(contains(ignored("{\"builder\": {\"gc\": {\"enabeld\": true}}}"),
                   "did you mean \"enabled\"?"));
    CHECK(ignored("{\"runtimes\": {\"k\": {\"runtimeType\": \"a.b\", \"options\": {\"X\": 1}}}}")
              .empty());
    CHECK(contains(ignored("{\"runtimes\": {\"k\": {\"path\": \"/k\", \"runtimeType\": \"a.b\"}}}",
                           "20.10.24"),
                   "\"runtimeType\" over"));
    CHECK(ignored("{\"default-ulimits\": {\"nofile\": {\"NAME\": \"nofile\", \"hard\": 1}}}")
              .empty());
    CHECK(ignored("{\"mtu\": 1400, \"features\": {\"anything\": true}}").empty());
  }
}
