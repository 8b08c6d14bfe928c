#include "formats/daemon_json_merge.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;
using Action = DaemonJsonAction;

namespace {

Action add_runtime(std::string name, std::string path, std::vector<std::string> args = {}) {
  return {Action::Op::add_runtime, std::move(name), std::move(path), std::move(args), {}, {}, {}};
}
Action named(Action::Op op, std::string name) {
  return {op, std::move(name), {}, {}, {}, {}, {}};
}
Action mirrors(Action::Op op, std::vector<std::string> urls) {
  return {op, {}, {}, {}, std::move(urls), {}, {}};
}
Action set(const std::string& pointer, std::string json) {
  return {Action::Op::set, {}, {}, {}, {}, parse_json_pointer(pointer).value(), std::move(json)};
}
const Action cdi{Action::Op::enable_cdi, {}, {}, {}, {}, {}, {}};
const Action seed_mirror = mirrors(Action::Op::add_mirrors, {"https://xxxx.mirror.aliyuncs.com"});
const Action seed_runtime = add_runtime("nvidia", "/usr/bin/nvidia-container-runtime");

Result<DaemonJsonMerge> merge(std::optional<std::string> text, std::vector<Action> actions,
                              std::string_view engine = "20.10.24", Argv flags = {},
                              int running = 0, bool swarm = false) {
  DaemonJsonRequest request;
  request.text = std::move(text);
  request.actions = std::move(actions);
  request.state = {parse_engine_release(engine), std::move(flags), running, swarm};
  return merge_daemon_json(request);
}

std::string text_of(std::optional<std::string> text, std::vector<Action> actions,
                    std::string_view engine = "20.10.24") {
  const auto merged = merge(std::move(text), std::move(actions), engine);
  REQUIRE(merged);
  return merged->text;
}

std::string problem_of(std::optional<std::string> text, std::vector<Action> actions,
                       std::string_view engine = "20.10.24") {
  const auto merged = merge(std::move(text), std::move(actions), engine);
  REQUIRE_FALSE(merged);
  CHECK(merged.error().status == Status::config);
  return merged.error().message;
}

}  // namespace

TEST_SUITE("daemon.json: the text") {
  TEST_CASE("a new file has two spaces, a line end, and the keys in the order given") {
    CHECK(text_of(std::nullopt, {seed_mirror, seed_runtime}) ==
          "{\n"
          "  \"registry-mirrors\": [\"https://xxxx.mirror.aliyuncs.com\"],\n"
          "  \"runtimes\": {\n"
          "    \"nvidia\": {\n"
          "      \"path\": \"/usr/bin/nvidia-container-runtime\",\n"
          "      \"runtimeArgs\": []\n"
          "    }\n"
          "  }\n"
          "}\n");
  }

  TEST_CASE("the seed's own file is left as it is by the seed's own wishes") {
    const std::string seed =
        "{\n \"registry-mirrors\": [\"https://xxxx.mirror.aliyuncs.com\"],\n \"runtimes\": {\n"
        "     \"nvidia\": {\n         \"path\": \"/usr/bin/nvidia-container-runtime\",\n"
        "         \"runtimeArgs\": []\n     }\n  }\n}\n";
    const auto merged = merge(seed, {seed_mirror, seed_runtime});
    REQUIRE(merged);
    CHECK(merged->text == seed);
    CHECK_FALSE(merged->changed);
    CHECK(merged->plan.activation == Activation::none);
  }

  TEST_CASE("numbers, escapes, blanks, order and a missing line end of foreign parts stay") {
    const std::string odd =
        "{\"zeta\" : 12345678901234567890,\t\"a\":1e3 , \"b\":\"<&>\\u00e9\\/\",\n\n"
        "    \"log-opts\":{\"max-size\":\"10m\"} }";
    const std::string merged = text_of(odd, {seed_mirror});
    CHECK(merged ==
          "{\"zeta\" : 12345678901234567890,\t\"a\":1e3 , \"b\":\"<&>\\u00e9\\/\",\n\n"
          "    \"log-opts\":{\"max-size\":\"10m\"},\n"
          "    \"registry-mirrors\":[\"https://xxxx.mirror.aliyuncs.com\"] }");
  }

  TEST_CASE("CRLF and tabs are written where they were found") {
    CHECK(text_of("{\r\n\t\"debug\": true\r\n}\r\n", {seed_runtime}) ==
          "{\r\n\t\"debug\": true,\r\n\t\"runtimes\": {\r\n\t\t\"nvidia\": {\r\n"
          "\t\t\t\"path\": \"/usr/bin/nvidia-container-runtime\",\r\n\t\t\t\"runtimeArgs\": []\r\n"
          "\t\t}\r\n\t}\r\n}\r\n");
  }

  TEST_CASE("one line stays one line, tight or not") {
    CHECK(text_of("{\"debug\":true}", {seed_mirror}) ==
          "{\"debug\":true,\"registry-mirrors\":[\"https://xxxx.mirror.aliyuncs.com\"]}");
    CHECK(text_of("{ \"debug\": true }", {seed_mirror}) ==
          "{ \"debug\": true, \"registry-mirrors\": [\"https://xxxx.mirror.aliyuncs.com\"] }");
  }

  TEST_CASE("a value that is set keeps its digits") {
    CHECK(text_of("{}",
                  {set("/max-concurrent-downloads", "10"), set("/log-opts/max-size", "\"10m\"")}) ==
          "{\n  \"max-concurrent-downloads\": 10,\n  \"log-opts\": {\n    \"max-size\": \"10m\"\n"
          "  }\n}");
  }

  TEST_CASE("a byte-order mark and UTF-16 are kept from engine 24 on and refused before") {
    const std::string marked = "\xEF\xBB\xBF{}\n";
    CHECK(starts_with(text_of(marked, {seed_mirror}, "24.0.7"), "\xEF\xBB\xBF{"));
    CHECK(contains(problem_of(marked, {seed_mirror}, "20.10.24"), "byte-order mark"));
    const std::string wide("\xFF\xFE{\0}\0", 6);
    const std::string merged = text_of(wide, {set("/debug", "true")}, "25.0");
    CHECK(starts_with(merged, std::string_view("\xFF\xFE{\0", 4)));
    CHECK(merged.find(std::string("d\0e\0b\0u\0g\0", 10)) != std::string::npos);
  }

  TEST_CASE("an empty file is none for engine 24 and fatal for the ones before") {
    CHECK(starts_with(text_of(" \n", {seed_mirror}, "24.0.0"), "{\n"));
    CHECK(contains(problem_of("", {seed_mirror}, "23.0.6"), "EOF"));
  }
}

TEST_SUITE("daemon.json: what is refused") {
  TEST_CASE("what is no JSON, with line and column") {
    for (const char* text : {"{\"a\": 1,}", "{// x\n}", "{'a': 1}", "{\"a\": NaN}", "{} {}", "[]",
                             "null", "3", "{\"a\": 1, \"a\": 2}", "{\"a\": \"\xff\"}",
                             "{\"runtimes\": {\"x\": {\"path\": 1, \"path\": 2}}}"}) {
      CAPTURE(text);
      const auto merged = merge(text, {seed_mirror});
      REQUIRE_FALSE(merged);
      CHECK(merged.error().status == Status::config);
      REQUIRE_FALSE(merged.error().detail.empty());
      CHECK(merged.error().detail[0].line == 1);
      CHECK(merged.error().detail[0].column > 0);
    }
  }

  TEST_CASE("the seed's fragment without braces is recognised") {
    const auto merged = merge("\"runtimes\": {\n  \"nvidia\": {\"path\": \"/x\"}\n}\n", {});
    REQUIRE_FALSE(merged);
    CHECK(contains(merged.error().detail[0].hint, "without the braces"));
  }

  TEST_CASE("shapes and values the daemon would not start with") {
    const std::pair<const char*, const char*> cases[] = {
        {"{\"runtimes\": []}", "an object expected, an array found"},
        {"{\"runtimes\": {\"nvidia\": \"x\"}}", "an object expected, a string found"},
        {"{\"runtimes\": {\"runc\": {\"path\": \"/x\"}}}", "runtime name 'runc' is reserved"},
        {"{\"features\": true}", "an object expected"},
        {"{\"log-opts\": {\"max-size\": 10}}", "a string expected, a number found"},
        {"{\"debug\": \"yes\"}", "true or false expected"},
        {"{\"mtu\": -10}", "invalid default MTU: -10"},
        {"{\"max-concurrent-downloads\": -1}", "invalid max concurrent downloads: -1"},
        {"{\"log-level\": \"foobar\"}", "invalid logging level: foobar"},
        {"{\"labels\": [\"one\"]}", "bad attribute format: one"},
        {"{\"labels\": [\"a=b\", \"a=c\"]}", "conflict labels for a=c and a=b"},
        {"{\"dns\": [\"8.8.8.8o\"]}", "8.8.8.8o is not an ip address"},
        {"{\"dns-search\": [\"123456\"]}", "123456 is not a valid domain"},
        {"{\"default-ipc-mode\": \"host\"}",
         "default IPC mode setting (host) is invalid; use \"shareable\" or \"private\""},
        {"{\"default-cgroupns-mode\": \"x\"}",
         "default cgroup namespace mode (x) is invalid; use \"host\" or \"private\""},
        {"{\"max-download-attempts\": 0}", "invalid max download attempts: 0"},
        {"{\"exec-opts\": [\"no-value\"]}", "must be formatted 'opt=value'"},
        {"{\"hosts\": [\"tcp://127.0.0.1:2375/path\"]}", "should not contain a path element"},
    };
    for (const auto& [text, problem] : cases) {
      CAPTURE(text);
      CHECK(contains(problem_of(text, {set("/live-restore", "true")}), problem));
    }
    // 20.10 takes both of these.
    const auto of_24 = [](std::string text) {
      return problem_of(std::move(text), {set("/live-restore", "true")}, "24.0.7");
    };
    CHECK(contains(of_24("{\"runtimes\": {\"nvidia\": {}}}"),
                   "either a runtimeType or a path must be configured"));
    CHECK(contains(of_24("{\"runtimes\": {\"a\": {\"path\": \"/x\", \"runtimeType\": \"y\"}}}"),
                   "cannot configure both"));
  }

  TEST_CASE("several problems come at once, each with its place") {
    const auto merged = merge("{\n  \"debug\": 1,\n  \"mtu\": \"x\"\n}", {seed_mirror});
    REQUIRE_FALSE(merged);
    REQUIRE(merged.error().detail.size() == 2);
    CHECK(merged.error().detail[1].line == 3);
    CHECK(merged.error().detail[1].pointer == "/mtu");
  }

  TEST_CASE("wishes that cannot be come at once, with the file's own problems") {
    const auto merged =
        merge("{\n  \"debug\": 1\n}", {mirrors(Action::Op::add_mirrors, {"m.org"}),
                                       add_runtime("runc", "/x"), set("/mirors", "[]")});
    REQUIRE_FALSE(merged);
    REQUIRE(merged.error().detail.size() == 4);
    CHECK(merged.error().detail[0].line == 2);
    CHECK(contains(merged.error().detail[1].problem, "unsupported scheme"));
    CHECK(contains(merged.error().detail[2].problem, "reserved"));
    CHECK(contains(merged.error().detail[3].problem, "mirors"));
  }

  TEST_CASE("names that cannot be") {
    CHECK(contains(problem_of("{}", {add_runtime("runc", "/x")}), "reserved"));
    CHECK(contains(problem_of("{}", {named(Action::Op::set_default_runtime, "nvidia")}),
                   "specified default runtime 'nvidia' does not exist"));
    const auto unknown = merge("{}", {set("/registry-mirror", "[]")});
    REQUIRE_FALSE(unknown);
    CHECK(contains(unknown.error().detail[0].hint, "registry-mirrors"));
    CHECK_FALSE(merge("{}", {set("/DEBUG", "true")}));
  }
}

TEST_SUITE("daemon.json: mirrors and runtimes") {
  TEST_CASE("mirrors are joined by what they name, the user's first") {
    CHECK(text_of("{\"registry-mirrors\": [\"HTTPS://A.example.com/\"]}",
                  {mirrors(Action::Op::add_mirrors, {"https://a.example.com", "https://b.org"})}) ==
          "{\"registry-mirrors\": [\"HTTPS://A.example.com/\", \"https://b.org\"]}");
    CHECK(text_of("{\n  \"registry-mirrors\": [\n    \"https://a.org\"\n  ]\n}\n",
                  {mirrors(Action::Op::add_mirrors, {"https://b.org"})}) ==
          "{\n  \"registry-mirrors\": [\n    \"https://a.org\",\n    \"https://b.org\"\n  ]\n}\n");
  }

  TEST_CASE("setting no mirrors clears the list and keeps the key") {
    const auto merged = merge("{\"registry-mirrors\": [\"https://a.org\"]}",
                              {mirrors(Action::Op::set_mirrors, {})});
    REQUIRE(merged);
    CHECK(merged->text == "{\"registry-mirrors\": []}");
    CHECK(merged->plan.activation == Activation::reload);
  }

  TEST_CASE("moby's rules for a mirror") {
    const auto problem = [](const char* url, const char* engine) {
      return problem_of("{}", {mirrors(Action::Op::add_mirrors, {url})}, engine);
    };
    CHECK(contains(problem("m.org", "25.0"), "no scheme specified"));
    CHECK(contains(problem("ftp://m.org", "25.0"), "unsupported scheme"));
    CHECK(contains(problem("https://m.org/v2/", "24.0"), "path, query, or fragment"));
    CHECK(contains(problem("https://m.org/?q=1", "25.0"), "query or fragment"));
    const std::string secret = problem("http://foo:bar@m.org", "25.0");
    CHECK(contains(secret, "username/password not allowed in URI \"http://foo:xxxxx@m.org\""));
    CHECK(contains(problem("m.org", "20.10.24"),
                   "invalid mirror: unsupported scheme \"\" in \"m.org\""));
    CHECK_FALSE(contains(secret, "bar"));
    CHECK(merge("{}", {mirrors(Action::Op::add_mirrors, {"https://m.org/v2"})}, "25.0"));
    const auto plain = merge("{}", {mirrors(Action::Op::add_mirrors, {"http://m.org:5000"})});
    REQUIRE(plain);
    CHECK(contains(plain->plan.reasons[0], "plain http"));
  }

  TEST_CASE("a runtime under an old name changes its path only, and says so") {
    const auto merged =
        merge("{\"runtimes\": {\"nvidia\": {\"path\": \"/old\", \"runtimeArgs\": [\"--debug\"]}}}",
              {seed_runtime});
    REQUIRE(merged);
    CHECK(merged->text ==
          "{\"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime\", "
          "\"runtimeArgs\": [\"--debug\"]}}}");
    CHECK(contains(merged->plan.reasons[0], "/old"));
    CHECK(merged->plan.activation == Activation::reload);
  }

  TEST_CASE("the last runtime goes with its key, the default with it, and a restart") {
    const auto merged = merge(
        "{\n  \"default-runtime\": \"nvidia\",\n  \"runtimes\": {\"nvidia\": {\"path\": \"/x\"}},\n"
        "  \"debug\": true\n}\n",
        {named(Action::Op::remove_runtime, "nvidia")});
    REQUIRE(merged);
    CHECK(merged->text == "{\n  \"default-runtime\": \"runc\",\n  \"debug\": true\n}\n");
    CHECK(merged->plan.activation == Activation::restart);
  }

  TEST_CASE("one of two runtimes goes by a reload") {
    const auto merged =
        merge("{\"runtimes\": {\"a\": {\"path\": \"/a\"}, \"b\": {\"path\": \"/b\"}}}",
              {named(Action::Op::remove_runtime, "a")});
    REQUIRE(merged);
    CHECK(merged->text == "{\"runtimes\": {\"b\": {\"path\": \"/b\"}}}");
    CHECK(merged->plan.activation == Activation::reload);
  }

  TEST_CASE("CDI keeps the other features and is on by itself from 28.2") {
    CHECK(text_of("{\"features\": {\"buildkit\": true}}", {cdi}, "25.0.3") ==
          "{\"features\": {\"buildkit\": true, \"cdi\": true}}");
    CHECK_FALSE(merge("{}", {cdi}, "28.2.0")->changed);
    CHECK(text_of("{\"features\": {\"cdi\": false}}", {cdi}, "28.2.0") ==
          "{\"features\": {\"cdi\": true}}");
    CHECK(merge("{}", {cdi}, "27.0")->plan.activation == Activation::restart);
  }
}
