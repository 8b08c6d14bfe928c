#include <algorithm>

#include "formats/dockerfile_recipe.hpp"
#include "formats/openpgp.hpp"
#include "formats/recipe_words.hpp"

namespace dtenv {
namespace {

using Accept = bool (*)(std::string_view);

void check(JsonReader& reader, std::string_view key, const std::string& value, Accept accept,
           std::string_view wanted) {
  if (!accept(value))
    reader.problem(key, "\"" + visible(value) + "\" is not " + std::string(wanted));
}

std::vector<std::string> checked_strings(JsonReader& reader, std::string_view key, Accept accept,
                                         std::string_view wanted) {
  auto values = reader.strings(key);
  for (const auto& value : values) check(reader, key, value, accept, wanted);
  return values;
}

std::string checked_string(JsonReader& reader, std::string_view key, Accept accept,
                           std::string_view wanted) {
  auto value = reader.string_or(key, "");
  if (reader.has(key) && !value.empty()) check(reader, key, value, accept, wanted);
  return value;
}

/// A word alone ("distro") or an object: true where the key holds a string.
bool is_word(JsonReader& reader, std::string_view key) {
  const auto* node = reader.value(key);
  return node != nullptr && node->is(JsonNode::Kind::string);
}

PinnedDownload parse_download(JsonReader& object) {
  PinnedDownload out;
  out.version = object.required_string("version");
  check(object, "version", out.version, is_version_word, "a version");
  out.url = object.required_string("url");
  check(object, "url", out.url, is_http_url, "an http or https URL");
  out.sha256 = object.required_string("sha256");
  check(object, "sha256", out.sha256, is_sha256, "a SHA-256 of 64 lower-case hex digits");
  return out;
}

void parse_base(JsonReader& reader, Recipe& recipe) {
  if (!reader.has("base")) return;
  if (is_word(reader, "base")) {
    recipe.image = reader.required_string("base");
    check(reader, "base", recipe.image, is_image_reference, "an image's name");
    return;
  }
  auto base = reader.object("base");
  if (!base) return;
  auto made = base->object("debootstrap");
  if (!made) {
    recipe.image = base->required_string("image");
    check(*base, "image", recipe.image, is_image_reference, "an image's name");
  } else {
    DebootstrapBase out;
    out.suite = made->string_or("suite", out.suite);
    check(*made, "suite", out.suite, is_version_word, "a suite's name");
    out.mirror = checked_string(*made, "mirror", is_http_url, "an http or https URL");
    out.packages = checked_strings(*made, "packages", is_apt_package, "a package's name");
    made->finish();
    recipe.debootstrap = std::move(out);
  }
  base->finish();
}

void parse_source(JsonReader& reader, Recipe& recipe) {
  RecipeSource out;
  out.name = reader.required_string("name");
  check(reader, "name", out.name, is_apt_package, "a file's name of a-z, 0-9, + - .");
  out.uri = reader.required_string("uri");
  check(reader, "uri", out.uri, is_http_url, "an http or https URL");
  const Accept suite = [](std::string_view text) {
    return text == "/" || is_version_word(replace_all(text, "/", "."));
  };
  out.suites = checked_strings(reader, "suites", suite, "a suite");
  if (out.suites.empty()) reader.problem("suites", "at least one is needed");
  out.components = checked_strings(reader, "components", is_version_word, "a component");
  out.key = reader.required_string("key");
  const auto wanted = reader.required_string("fingerprint");
  const auto found = openpgp_fingerprints(out.key);
  if (!found)
    reader.problem("key", found.error().message, "the armoured key block, with its line ends");
  else if (std::find(found->begin(), found->end(), replace_all(wanted, " ", "")) == found->end())
    reader.problem("fingerprint", "the key's is " + found->front());
  reader.finish();
  recipe.apt_sources.push_back(std::move(out));
}

void parse_apt(JsonReader& reader, Recipe& recipe) {
  auto apt = reader.object("apt");
  if (!apt) return;
  recipe.apt_mirror = checked_string(*apt, "mirror", is_http_url, "an http or https URL");
  recipe.apt_security_mirror =
      checked_string(*apt, "security_mirror", is_http_url, "an http or https URL");
  for (auto& source : apt->objects("sources")) parse_source(source, recipe);
  recipe.apt_packages = checked_strings(*apt, "packages", is_apt_package, "a package's name");
  apt->finish();
}

void parse_mpi(JsonReader& reader, Recipe& recipe) {
  if (!reader.has("openmpi")) return;
  recipe.mpi_from_distro = false;
  if (is_word(reader, "openmpi")) {
    recipe.mpi_from_distro = reader.one_of("openmpi", {"distro", "none"}, "distro") == "distro";
  } else if (auto object = reader.object("openmpi")) {
    recipe.mpi_source = parse_download(*object);
    object->finish();
  }
}

void parse_python(JsonReader& reader, Recipe& recipe) {
  if (is_word(reader, "python")) {
    recipe.python_from_distro = reader.one_of("python", {"distro", "none"}, "none") == "distro";
  } else if (auto object = reader.object("python")) {
    recipe.conda_python = object->required_string("version");
    check(*object, "version", recipe.conda_python, is_version_word, "a version");
    if (auto forge = object->object("miniforge")) {
      recipe.miniforge = parse_download(*forge);
      forge->finish();
    } else {
      object->problem("miniforge", "needed: version, url and sha256 of the installer");
    }
    object->finish();
  }
  if (auto pip = reader.object("pip")) {
    recipe.pip_index_url = checked_string(*pip, "index_url", is_http_url, "an http or https URL");
    recipe.pip_packages =
        checked_strings(*pip, "packages", is_pinned_pip, "a pinned package, NAME==VERSION");
    pip->finish();
  }
  recipe.mpi4py = checked_string(reader, "mpi4py", is_version_word, "a version or \"distro\"");
}

void parse_torch(JsonReader& reader, Recipe& recipe) {
  if (is_word(reader, "pytorch")) {
    recipe.torch_from_distro = reader.one_of("pytorch", {"distro", "none"}, "none") == "distro";
  } else if (auto object = reader.object("pytorch")) {
    RecipeTorch out;
    out.version = object->required_string("version");
    check(*object, "version", out.version, is_version_word, "a version");
    out.vision = checked_string(*object, "vision", is_version_word, "a version");
    out.index_url = checked_string(*object, "index_url", is_http_url, "an http or https URL");
    object->finish();
    recipe.torch = std::move(out);
  }
  const Accept archs = [](std::string_view text) {
    return is_version_word(replace_all(replace_all(text, " ", "."), ";", "."));
  };
  recipe.cuda_archs = checked_string(reader, "cuda_archs", archs, "a list such as \"7.0 8.0\"");
  if (auto apex = reader.object("apex")) {
    recipe.apex_commit = apex->required_string("commit");
    check(*apex, "commit", recipe.apex_commit, is_commit, "a commit of 7 to 40 hex digits");
    apex->finish();
  }
  if (auto object = reader.object("deepspeed")) {
    RecipeDeepspeed out;
    out.version = object->required_string("version");
    check(*object, "version", out.version, is_version_word, "a version");
    out.build_ops = object->boolean_or("build_ops", false);
    if (out.build_ops && recipe.cuda_archs.empty())
      object->problem("build_ops", "needs cuda_archs: there is no GPU to ask while building");
    object->finish();
    recipe.deepspeed = std::move(out);
  }
  recipe.nccl = checked_string(reader, "nccl", is_version_word, "a package version");
  if (!recipe.nccl.empty() && recipe.torch)
    reader.problem("nccl", "the wheel of pytorch brings its own NCCL", "drop nccl");
}

void parse_commands(JsonReader& reader, Recipe& recipe) {
  if (const auto* node = reader.value("commands"); node != nullptr) {
    const bool lists =
        node->is(JsonNode::Kind::array) &&
        std::all_of(node->items.begin(), node->items.end(), [](const JsonNode& item) {
          return item.is(JsonNode::Kind::array) && !item.items.empty();
        });
    if (!lists) reader.problem("commands", "wanted is an array of argument lists");
    for (const auto& item : node->items) {
      Argv argv;
      for (const auto& word : item.items) argv.push_back(word.text);
      if (!argv.empty()) recipe.commands.push_back(std::move(argv));
    }
  }
  if (reader.has("command")) recipe.command = reader.strings("command");
  if (recipe.command.empty()) reader.problem("command", "a container needs a program to run");
}

}  // namespace

Recipe parse_recipe(JsonReader& reader) {
  Recipe recipe;
  parse_base(reader, recipe);
  recipe.labels = reader.string_map("labels");
  recipe.env = reader.string_map("env");
  for (const auto& [name, value] : recipe.env) {
    check(reader, "env", name, is_env_name, "a variable's name");
    check(reader, "env", value, is_one_line, "one line");
  }
  for (const auto& [name, value] : recipe.labels) {
    check(reader, "labels", name, is_image_reference, "a label's name");
    check(reader, "labels", value, is_one_line, "one line");
  }
  parse_apt(reader, recipe);
  recipe.git = reader.boolean_or("git", false);
  if (is_word(reader, "rdma")) {
    if (reader.one_of("rdma", {"distro", "none"}, "none") == "distro")
      recipe.rdma_packages = {"ibverbs-providers", "ibverbs-utils", "libibverbs1",     "librdmacm1",
                              "rdma-core",         "perftest",      "infiniband-diags"};
  } else if (auto rdma = reader.object("rdma")) {
    recipe.rdma_packages = checked_strings(*rdma, "packages", is_apt_package, "a package's name");
    rdma->finish();
  }
  parse_mpi(reader, recipe);
  parse_python(reader, recipe);
  parse_torch(reader, recipe);
  recipe.ssh = reader.boolean_or("ssh", true);
  parse_commands(reader, recipe);
  reader.finish();
  return recipe;
}

}  // namespace dtenv
