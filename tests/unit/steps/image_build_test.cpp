#include "steps/image_build.hpp"

#include <doctest/doctest.h>

#include <boost/filesystem/operations.hpp>
#include <fstream>

#include "base/digest.hpp"
#include "steps/image_make.hpp"
#include "unit/net/net_testing.hpp"
#include "unit/steps/step_testing.hpp"

using namespace dtenv;
namespace fs = boost::filesystem;

namespace {

constexpr auto recipe = R"({"tag": "train:1", "from": {"build": {"recipe": {}}}})";
constexpr auto pulled =
    R"({"tag": "train:1", "from": {"pull": {"reference": "r.example.com/x:2"}}})";
constexpr auto loaded = R"({"tag": "train:1", "from": {"load": {"archive": "/x.tar.gz"}}})";

ImageBuild::Facts machine(std::string wanted = {}, bool engine = true) {
  ImageBuild::Facts facts;
  facts.engine = engine;
  facts.wanted = std::move(wanted);
  return facts;
}

ImageBuild::Facts with_image(ImageBuild::Facts facts, std::string id, std::string spec,
                             std::vector<std::string> names = {"train:1"}) {
  facts.image.emplace();
  facts.image->id = std::move(id);
  facts.image->spec = std::move(spec);
  facts.image->names = std::move(names);
  return facts;
}

Plan plan_of(std::string_view config, const std::vector<ImageBuild::Facts>& facts) {
  const auto nodes = two_nodes();
  return ImageBuild::plan(config_of<ImageBuild>(config), cluster_of(nodes, facts)).value();
}

}  // namespace

TEST_SUITE("image_build plan") {
  TEST_CASE("bare machines show both halves: build on the first, then deliver to the others") {
    const auto plan = plan_of(recipe, {machine("abc", false), machine("", false)});
    REQUIRE(plan.changes.size() == 2);
    CHECK(brief(plan) == "V100-1 create image train:1, V100-2 create image train:1");
    CHECK(plan.changes[0].stage == 0);
    CHECK(plan.changes[1].stage == 1);
    CHECK(plan.changes[1].after == "as on V100-1: spec abc");
  }

  TEST_CASE("a delivery is the same change before and after the build") {
    const auto before = plan_of(recipe, {machine("abc"), machine()});
    const auto after = plan_of(recipe, {with_image(machine("abc"), "sha256:1", "abc"), machine()});
    REQUIRE(after.changes.size() == 1);
    CHECK(after.changes[0].after == before.changes[1].after);
    CHECK(after.changes[0].resource == before.changes[1].resource);
  }

  TEST_CASE("the same image with the wanted hash everywhere is nothing to do") {
    const auto there = with_image(machine("abc"), "sha256:1", "abc");
    CHECK(plan_of(recipe, {there, with_image(machine(), "sha256:1", "abc")}).changes.empty());
  }

  TEST_CASE("another id of the same inputs, or other inputs, are brought in line") {
    const auto there = with_image(machine("abc"), "sha256:1", "abc");
    CHECK(brief(plan_of(recipe, {there, with_image(machine(), "sha256:2", "abc")})) ==
          "V100-2 update image train:1");
    const auto old = with_image(machine("abc"), "sha256:1", "before");
    CHECK(plan_of(recipe, {old, with_image(machine(), "sha256:1", "before")}).changes.size() == 2);
  }

  TEST_CASE("a foreign image of that tag is told") {
    const auto plan = plan_of(recipe, {with_image(machine("abc"), "sha256:1", ""), machine()});
    REQUIRE(plan.notes.size() == 1);
    CHECK(contains(plan.notes[0].text, "foreign image"));
  }

  TEST_CASE("what is pulled is asked for once and counts by its name") {
    const auto wanted = machine("r.example.com/x:2");
    CHECK(plan_of(pulled, {wanted, wanted}).changes[0].after == "pulled: r.example.com/x:2");
    const auto there = with_image(wanted, "sha256:1", "", {"train:1", "r.example.com/x:2"});
    const auto same = with_image(wanted, "sha256:1", "", {"train:1"});
    CHECK(plan_of(pulled, {there, same}).changes.empty());
  }

  TEST_CASE("an archive goes to each machine from the controller itself") {
    const auto plan = plan_of(loaded, {machine("sha256:1"), machine()});
    REQUIRE(plan.changes.size() == 2);
    CHECK(plan.changes[1].stage == 0);
    CHECK(plan.changes[1].after == "loaded: sha256:1");
    const auto there = with_image(machine("sha256:1"), "sha256:1", "");
    CHECK(plan_of(loaded, {there, there}).changes.empty());
  }

  TEST_CASE("without the machine that builds the others fail, each with the reason") {
    const auto nodes = two_nodes();
    Cluster<ImageBuild::Facts> cluster;
    cluster.nodes = &nodes;
    cluster.machines.push_back({&nodes[1], machine()});
    const auto plan = ImageBuild::plan(config_of<ImageBuild>(recipe), cluster);
    REQUIRE(plan.has_value());
    CHECK(contains(plan->failures.at("V100-2").message, "V100-1"));
  }

  TEST_CASE("build_on chooses the machine, and must be one") {
    const auto other = R"({"tag": "t:1", "build_on": "V100-2", "from": {"build": {"recipe": {}}}})";
    const auto plan = plan_of(other, {machine(), machine("abc")});
    CHECK(plan.changes[0].node == "V100-1");
    CHECK(plan.changes[0].stage == 1);
    const auto nobody = R"({"tag": "t:1", "build_on": "x", "from": {"build": {"recipe": {}}}})";
    const auto nodes = two_nodes();
    CHECK_FALSE(ImageBuild::plan(config_of<ImageBuild>(nobody),
                                 cluster_of(nodes, std::vector{machine("a"), machine()}))
                    .has_value());
  }

  TEST_CASE("destroy takes away what was built, not what is foreign") {
    const auto nodes = two_nodes();
    const auto facts = std::vector{with_image(machine("abc"), "sha256:1", "abc"),
                                   with_image(machine(), "sha256:2", "")};
    const auto plan =
        ImageBuild::plan_destroy(config_of<ImageBuild>(recipe), cluster_of(nodes, facts));
    CHECK(brief(*plan) == "V100-1 remove image train:1");
  }

  TEST_CASE("destroy leaves an image that somebody else's container is made of, and says so") {
    const auto nodes = two_nodes();
    auto facts = std::vector{with_image(machine("abc"), "sha256:1", "abc"), machine()};
    facts[0].users = {"web"};
    const auto plan =
        ImageBuild::plan_destroy(config_of<ImageBuild>(recipe), cluster_of(nodes, facts));
    CHECK(plan->changes.empty());
    REQUIRE(plan->notes.size() == 1);
    CHECK(plan->notes[0].text == "image train:1 stays: container web is made of it");
  }

  TEST_CASE("the tag is published always, the id where it is the one") {
    const auto nodes = two_nodes();
    Outputs outputs;
    const auto facts = std::vector{with_image(machine("abc"), "sha256:1", "abc"), machine()};
    ImageBuild::publish(config_of<ImageBuild>(recipe), cluster_of(nodes, facts), outputs);
    CHECK(outputs.get("image") == "train:1");
    CHECK(outputs.get("image_id", "V100-1") == "sha256:1");
    CHECK_FALSE(outputs.get("image_id", "V100-2"));
  }
}

TEST_SUITE("image_build document") {
  TEST_CASE("exactly one source, and a tag") {
    const auto both =
        R"({"tag": "a", "from": {"build": {"recipe": {}}, "pull": {"reference": "x"}}})";
    CHECK(contains(problems_of<ImageBuild>(both), "exactly one of"));
    CHECK(contains(problems_of<ImageBuild>(R"({"tag": "a", "from": {}})"), "exactly one of"));
    CHECK(contains(problems_of<ImageBuild>(R"({"tag": "a"})"), "from"));
    CHECK(contains(problems_of<ImageBuild>(R"({"from": {"build": {"recipe": {}}}})"), "tag"));
    CHECK(contains(problems_of<ImageBuild>(R"({"tag": "a", "from": {"build": {}}})"), "context"));
  }

  TEST_CASE("problems within a recipe carry their place") {
    const auto text =
        R"({"tag": "a", "from": {"build": {"recipe": {"apt": {"packages": ["a b"]}}}}})";
    CHECK(contains(problems_of<ImageBuild>(text), "/from/build/recipe/apt/packages"));
  }

  TEST_CASE("names are made whole, and a pull without a tag keeps its own name") {
    const auto plain = R"({"tag": "train", "from": {"build": {"recipe": {}}}})";
    CHECK(config_of<ImageBuild>(plain).tag == "train:latest");
    CHECK(config_of<ImageBuild>(R"({"from": {"pull": {"reference": "mysql:5.7"}}})").tag ==
          "mysql:5.7");
    CHECK(contains(problems_of<ImageBuild>(R"({"tag": "A B", "from": {"build": {"recipe": {}}}})"),
                   "/tag"));
  }
}

TEST_SUITE("image_build inputs") {
  std::string spec_of(const ImageBuild::Build& build) {
    asio::io_context loop;
    return run_task(loop, build_spec(build)).value();
  }

  TEST_CASE("the hash of a context follows its files, its arguments and its .dockerignore") {
    const auto folder = fs::temp_directory_path() / ("dtenv-ctx-" + hex(random_bytes(4)));
    fs::create_directories(folder);
    const auto write = [&](const std::string& name, const std::string& text) {
      std::ofstream((folder / name).native()) << text;
    };
    write("Dockerfile", "FROM scratch\nCOPY a /\n");
    write("a", "1");
    ImageBuild::Build build;
    build.context = folder.native();
    const auto first = spec_of(build);
    CHECK(spec_of(build) == first);
    write("a", "2");
    const auto second = spec_of(build);
    CHECK(second != first);
    write(".dockerignore", "notes*\n");
    const auto third = spec_of(build);
    write("notes.txt", "not for the image");
    CHECK(spec_of(build) == third);
    build.args = {{"A", "b"}};
    CHECK(spec_of(build) != third);
    fs::remove_all(folder);
    asio::io_context loop;
    CHECK(run_task(loop, build_spec(build)).error().status == Status::config);
  }

  TEST_CASE("the hash of a recipe follows its text and its base") {
    ImageBuild::Build build;
    build.recipe.emplace();
    const auto first = spec_of(build);
    build.recipe->debootstrap.emplace();
    const auto second = spec_of(build);
    CHECK(second != first);
    build.recipe->debootstrap->packages = {"vim"};
    CHECK(spec_of(build) != second);
  }
}
