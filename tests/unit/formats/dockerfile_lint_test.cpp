#include "formats/dockerfile_lint.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include "doctest/doctest.h"
#include "formats/dockerfile_rules.hpp"

using namespace dtenv;

namespace {

using Rules = std::set<std::string>;

Rules rules_of(std::string_view text) {
  Rules out;
  const auto found = lint_dockerfile(text);
  REQUIRE(found.has_value());
  for (const auto& finding : *found) out.emplace(finding.rule);
  return out;
}

bool raises(std::string_view text, const std::string& rule) {
  return rules_of("FROM debian:bookworm\n" + std::string(text)).count(rule) == 1;
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(DTENV_TEST_FOLDER) + "/golden/dockerfile/" + name);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_SUITE("Dockerfile lint") {
  TEST_CASE("the manual's Dockerfile raises every rule that its text can show") {
    const auto found = rules_of(golden("seed.dockerfile"));
    // Not in it: CUDA 13, a torch wheel, ops without an arch list, sudo, a distribution's NCCL,
    // an unanswered question of another package, sshd on port 22.
    const Rules absent = {"L04", "L54", "L59", "L61", "L62", "L63", "L64", "L74"};
    for (const auto& rule : lint_rules())
      CHECK_MESSAGE(
          (found.count(std::string(rule.id)) == 1) == (absent.count(std::string(rule.id)) == 0),
          std::string(rule.id));
    CHECK(found.size() >= 45);
  }

  TEST_CASE("findings stand at the line of their word") {
    const auto found = lint_dockerfile(golden("seed.dockerfile"));
    REQUIRE(found.has_value());
    const auto line = [&](std::string_view rule) {
      for (const auto& finding : *found)
        if (finding.rule == rule) return finding.line;
      return 0;
    };
    CHECK(line("L01") == 2);
    CHECK(line("L07") == 25);
    CHECK(line("L39") == 154);
    CHECK(line("L40") == 151);
    CHECK(line("L73") == 241);
  }

  TEST_CASE("every rule of the catalogue is there once, with words for problem and fix") {
    std::set<std::string_view> ids;
    for (const auto& rule : lint_rules()) {
      CHECK(ids.insert(rule.id).second);
      CHECK_FALSE(rule.problem.empty());
      CHECK_FALSE(rule.fix.empty());
    }
    CHECK(ids.size() == 74);
  }

  TEST_CASE("what the manual's file does not show is found elsewhere") {
    CHECK(rules_of(
              "FROM nvidia/cuda:13.0.1-devel-ubuntu24.04\nENV TORCH_CUDA_ARCH_LIST=\"7.0 8.0\"\n")
              .count("L04") == 1);
    CHECK(rules_of("FROM nvidia/cuda:12.6.3-devel-ubuntu22.04\nRUN pip install torch==2.1.0 "
                   "--index-url https://wheels.example.com/whl/cu118\n")
              .count("L54") == 1);
    CHECK(raises("RUN DS_BUILD_OPS=1 pip install deepspeed==0.16.0\n", "L59"));
    CHECK(raises("RUN sudo make -j install\n", "L61"));
    CHECK(raises("RUN apt-get update && apt-get install vim\n", "L62"));
    CHECK(raises("RUN apt-get install -y libnccl2=2.9.6\nRUN pip install torch==2.1.0\n", "L63"));
    CHECK(raises("CMD [\"/usr/sbin/sshd\", \"-D\"]\n", "L74"));
    CHECK(raises("RUN curl -fsSL https://x.example.com/i.sh | sh\n", "L37"));
  }

  TEST_CASE("a file that does it right raises nothing") {
    CHECK(rules_of("FROM nvidia/cuda:12.6.3-cudnn-devel-ubuntu22.04\n"
                   "RUN apt-get update && apt-get install -y --no-install-recommends git \\\n"
                   "      openssh-server && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*\n"
                   "ENV PATH=/opt/bin:${PATH}\n"
                   "RUN curl -fsSL -o /tmp/x.sh https://x.example.com/x-1.2.sh && \\\n"
                   "    echo 'abc  /tmp/x.sh' | sha256sum -c - && sh /tmp/x.sh && rm /tmp/x.sh\n"
                   "RUN pip install numpy==1.26.4 scikit-learn==1.5.0\n"
                   "CMD [\"sleep\", \"infinity\"]\n")
              .empty());
  }

  TEST_CASE("a text that is no Dockerfile is an error with its line") {
    const auto found = lint_dockerfile("FROM a\nBOGUS b\n");
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().status == Status::config);
    CHECK(found.error().detail.front().line == 2);
  }
}
