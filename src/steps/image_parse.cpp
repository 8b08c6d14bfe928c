// The step's part of the document.
#include "steps/image_build.hpp"

namespace dtenv {
namespace {

void check_path(JsonReader& reader, std::string_view key, const std::string& path) {
  if (path.empty()) reader.problem(key, "a path expected");
}

ImageBuild::Build parse_build(JsonReader& reader) {
  ImageBuild::Build out;
  if (auto recipe = reader.object("recipe")) out.recipe = parse_recipe(*recipe);
  out.context = reader.string_or("context", "");
  if (!reader.has("recipe")) check_path(reader, "context", out.context);
  if (reader.has("recipe") && reader.has("dockerfile"))
    reader.problem("dockerfile", "the recipe is rendered to one: give recipe or dockerfile");
  out.dockerfile = reader.string_or("dockerfile", out.dockerfile);
  if (out.dockerfile.empty() || out.dockerfile.front() == '/' ||
      contains("/" + out.dockerfile + "/", "/../"))
    reader.problem("dockerfile", "a path inside the context expected");
  out.args = reader.string_map("args");
  out.target = reader.string_or("target", "");
  out.builder = reader.one_of("builder", {"auto", "legacy", "buildkit"}, out.builder);
  out.network = reader.one_of("network", {"default", "host", "none"}, out.network);
  reader.finish();
  return out;
}

ImageBuild::Pull parse_pull(JsonReader& reader, std::string& tag) {
  ImageBuild::Pull out;
  const auto text = reader.required_string("reference");
  auto reference = parse_image_reference(text);
  if (reference)
    out.reference = std::move(*reference);
  else if (!text.empty())
    reader.problem("reference", reference.error().message);
  if (tag.empty() && reference) tag = out.reference.familiar();
  if (auto auth = reader.object("registry_auth")) {
    out.username = auth->required_string("username");
    out.password_secret = auth->required_string("password_secret");
    auth->finish();
  }
  reader.finish();
  return out;
}

ImageBuild::Load parse_load(JsonReader& reader) {
  ImageBuild::Load out;
  out.archive = reader.required_string("archive");
  out.image = reader.string_or("image", "");
  reader.finish();
  return out;
}

void parse_from(JsonReader& from, ImageBuild::Config& config) {
  const int given = from.has("build") + from.has("pull") + from.has("load");
  if (given != 1) from.problem({}, "exactly one of build, pull and load is needed");
  if (auto build = from.object("build")) config.from = parse_build(*build);
  if (auto pull = from.object("pull")) config.from = parse_pull(*pull, config.tag);
  if (auto load = from.object("load")) config.from = parse_load(*load);
  from.finish();
}

}  // namespace

ImageBuild::Config ImageBuild::parse(JsonReader& reader) {
  Config config;
  config.tag = reader.string_or("tag", "");
  config.build_on = reader.string_or("build_on", "");
  if (auto from = reader.object("from"))
    parse_from(*from, config);
  else if (!reader.has("from"))
    reader.problem("from", "missing: build, pull or load");
  if (config.tag.empty()) {
    reader.problem("tag", "missing: the name the image gets on every machine", "NAME:TAG");
    return config;
  }
  const auto name = parse_image_reference(config.tag);
  if (!name)
    reader.problem("tag", name.error().message);
  else if (!name->digest.empty() && !std::holds_alternative<Pull>(config.from))
    reader.problem("tag", "a digest cannot be given to an image: NAME:TAG");
  else
    config.tag = name->familiar();
  return config;
}

}  // namespace dtenv
