#include "formats/dockerfile_recipe.hpp"

#include "base/json_tree.hpp"
#include "base/text.hpp"
#include "doctest/doctest.h"
#include "formats/dockerfile_lint.hpp"

using namespace dtenv;

namespace {

Result<Recipe> parse(const std::string& text) {
  DT_TRY_ASSIGN(const auto root, parse_json(text, "recipe"));
  JsonReader reader(root, text);
  auto recipe = parse_recipe(reader);
  DT_TRY(reader.result("recipe"));
  return recipe;
}

std::string render(const std::string& text) {
  return render_dockerfile(parse(text).value());
}

void check_clean(const std::string& text) {
  const auto findings = lint_dockerfile(text);
  REQUIRE_MESSAGE(findings.has_value(), text);
  for (const auto& finding : *findings)
    FAIL_CHECK(finding.rule << " line " << finding.line << ": " << finding.problem << "\n" << text);
}

constexpr auto air_gapped = R"({
  "base": {"debootstrap": {"suite": "bookworm"}},
  "apt": {"packages": ["openssh-server", "openssh-client", "openmpi-bin", "python3-mpi4py",
                       "python3-torch", "python3-numpy", "iproute2"]}
})";

constexpr auto v100 = R"({
  "base": "nvidia/cuda:12.6.3-cudnn-devel-ubuntu22.04",
  "labels": {"org.opencontainers.image.authors": "a \"b\" $c"},
  "env": {"TZ": "Asia/Shanghai"},
  "apt": {"mirror": "https://mirror.example.com/ubuntu", "packages": ["vim", "git"]},
  "git": true,
  "rdma": "distro",
  "openmpi": {"version": "4.1.8", "url": "https://example.com/openmpi-4.1.8.tar.bz2",
    "sha256": "466f68e3132a1dc02710cc2011fafced8336d98359fa2dae4dddcfd5719f12a9"},
  "python": {"version": "3.11", "miniforge": {"version": "26.1.1-3",
    "url": "https://example.com/Miniforge3-26.1.1-3-Linux-x86_64.sh",
    "sha256": "b25b828b702df4dd2a6d24d4eb56cfa912471dd8e3342cde2c3d86fe3dc2d870"}},
  "pip": {"packages": ["numpy==1.26.4", "scikit-learn==1.5.0", "uvicorn[standard]==0.30.0"]},
  "mpi4py": "4.1.1",
  "pytorch": {"version": "2.6.0", "vision": "0.21.0", "index_url": "https://w.example.com/whl/cu126"},
  "cuda_archs": "7.0",
  "apex": {"commit": "6424da3"},
  "deepspeed": {"version": "0.19.6", "build_ops": true}
})";

}  // namespace

TEST_SUITE("Dockerfile recipe") {
  TEST_CASE("the default recipe, the air-gapped one and one with every part raise no lint rule") {
    check_clean(render("{}"));
    check_clean(render(air_gapped));
    check_clean(render(v100));
  }

  TEST_CASE("the air-gapped image stands on the debootstrap base and holds no host keys") {
    const auto recipe = parse(air_gapped).value();
    const auto text = render_dockerfile(recipe);
    CHECK(contains(text, "FROM " + debootstrap_tag(*recipe.debootstrap) + "\n"));
    CHECK(contains(text, "rm -f /etc/ssh/ssh_host_*"));
    CHECK(contains(text, "python3-torch"));
    CHECK(contains(text, "CMD [\"sleep\",\"infinity\"]\n"));
    CHECK_FALSE(contains(text, "ssh-keygen"));
  }

  TEST_CASE("each part is in the text, in its form of today") {
    const auto text = render(v100);
    CHECK(contains(text, "sha256sum -c -"));
    CHECK(contains(text, "--with-cuda=/usr/local/cuda --with-ucx=/usr"));
    CHECK(contains(text, "--no-binary mpi4py mpi4py==4.1.1"));
    CHECK(contains(text, "git checkout 6424da3"));
    CHECK(contains(text, "DS_BUILD_SPARSE_ATTN=0"));
    CHECK(contains(text, "torch==2.6.0 torchvision==0.21.0"));
    CHECK(contains(text, "'uvicorn[standard]==0.30.0'"));
    CHECK(contains(text, "LABEL org.opencontainers.image.authors=\"a \\\"b\\\" \\$c\"\n"));
    CHECK(contains(text, "SetEnv OMPI_ALLOW_RUN_AS_ROOT=1"));
  }

  TEST_CASE("a package is named once though several parts want it") {
    const auto text = render(v100);
    CHECK(text.find(" git \\\n") == text.rfind(" git \\\n"));
  }

  TEST_CASE("the same recipe gives the same bytes and the same base") {
    CHECK(render(v100) == render(v100));
    DebootstrapBase base;
    const auto tag = debootstrap_tag(base);
    CHECK(starts_with(tag, "dtenv/base:bookworm-"));
    base.packages = {"ca-certificates"};
    CHECK(debootstrap_tag(base) != tag);
  }

  TEST_CASE("nothing that a shell would act on gets into a RUN") {
    CHECK_FALSE(parse(R"({"apt": {"packages": ["vim; rm -rf /"]}})").has_value());
    CHECK_FALSE(parse(R"x({"apt": {"mirror": "http://x/$(id)"}})x").has_value());
    CHECK_FALSE(parse(R"({"pip": {"packages": ["numpy"]}})").has_value());
    CHECK_FALSE(parse(R"({"pip": {"packages": ["-r==1"]}})").has_value());
    CHECK_FALSE(parse(R"({"base": "debian:bookworm\nRUN x"})").has_value());
    CHECK_FALSE(parse(R"({"base": "--platform=x"})").has_value());
    CHECK_FALSE(parse(R"({"env": {"A": "x\ny"}})").has_value());
    CHECK_FALSE(parse(R"({"apex": {"commit": "master"}})").has_value());
    CHECK_FALSE(parse(R"({"openmpi": {"version": "4", "url": "https://x/y", "sha256": "abc"}})")
                    .has_value());
  }

  TEST_CASE("problems carry pointer and line, unknown keys a suggestion") {
    const auto recipe = parse("{\n  \"apt\": {\"packages\": [\"a\"]},\n  \"comand\": [\"x\"]\n}");
    REQUIRE_FALSE(recipe.has_value());
    REQUIRE(recipe.error().detail.size() == 1);
    CHECK(recipe.error().detail[0].pointer == "/comand");
    CHECK(recipe.error().detail[0].line == 3);
  }

  TEST_CASE("parts that do not go together are refused") {
    CHECK_FALSE(parse(R"({"deepspeed": {"version": "0.16.0", "build_ops": true}})").has_value());
    CHECK_FALSE(
        parse(R"({"pytorch": {"version": "2.6.0"}, "nccl": "2.29.7-1+cuda13.2"})").has_value());
  }

  TEST_CASE("commands are run as argument lists") {
    CHECK(contains(render(R"({"commands": [["useradd", "-m", "a b"]]})"),
                   "RUN [\"useradd\",\"-m\",\"a b\"]\n"));
  }
}
