#include "steps/image_context.hpp"

#include <boost/filesystem/operations.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "formats/dockerignore.hpp"
#include "net/context_tar.hpp"

namespace dtenv {
namespace {

namespace fs = boost::filesystem;

/// No file of a context can have this name by accident.
constexpr std::string_view rendered_name = "dtenv.rendered.Dockerfile";
constexpr std::uintmax_t text_limit = std::uintmax_t{4} << 20;

Result<std::string> read_local(const fs::path& path) {
  boost::system::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed) return Error{Status::config, path.native() + ": " + failed.message()};
  if (size > text_limit) return Error{Status::config, path.native() + ": above 4 MiB"};
  std::ifstream file(path.native(), std::ios::binary);
  if (!file) return Error{Status::config, path.native() + ": cannot be opened"};
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

/// DOCKERFILE.dockerignore beats .dockerignore; what the builder itself needs is never left out.
Result<std::shared_ptr<const Dockerignore>> read_ignore(const ImageBuild::Build& build) {
  const fs::path folder(build.context);
  auto path = folder / (build.dockerfile + ".dockerignore");
  if (!fs::exists(path)) path = folder / ".dockerignore";
  if (!fs::exists(path)) return std::shared_ptr<const Dockerignore>();
  DT_TRY_ASSIGN(const std::string text, read_local(path));
  DT_TRY_ASSIGN(auto ignore, Dockerignore::parse(text));
  for (const auto& kept : {std::string(".dockerignore"), build.dockerfile}) {
    DT_TRY_ASSIGN(const bool excluded, ignore.excludes(kept));
    if (excluded) {
      DT_TRY(ignore.append("!" + kept));
    }
  }
  return std::shared_ptr<const Dockerignore>(
      std::make_shared<const Dockerignore>(std::move(ignore)));
}

}  // namespace

std::string dockerfile_name(const ImageBuild::Build& build) {
  return build.recipe ? std::string(rendered_name) : build.dockerfile;
}

Result<std::string> dockerfile_text(const ImageBuild::Build& build) {
  if (build.recipe) return render_dockerfile(*build.recipe);
  return read_local(fs::path(build.context) / build.dockerfile);
}

Result<BodySource> open_context(const ImageBuild::Build& build) {
  ContextTar tar;
  if (build.recipe) {
    TarEntry entry;
    entry.path = rendered_name;
    entry.content = render_dockerfile(*build.recipe);
    tar.extra.push_back(std::move(entry));
  }
  if (build.context.empty()) return context_tar(std::move(tar));
  boost::system::error_code failed;
  if (!fs::is_directory(build.context, failed))
    return Error{Status::config, "build context " + build.context + ": no such folder"};
  DT_TRY_ASSIGN(const auto ignore, read_ignore(build));
  tar.walk.folder = build.context;
  if (ignore) {
    tar.walk.excludes = [ignore](std::string_view path) { return ignore->excludes(path); };
    tar.walk.walk_excluded = ignore->has_exceptions();
  }
  return context_tar(std::move(tar));
}

}  // namespace dtenv
