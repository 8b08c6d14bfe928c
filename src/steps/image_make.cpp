// The three ways to come by an image: build, pull, load.
#include "steps/image_make.hpp"

#include <boost/asio/post.hpp>
#include <boost/filesystem/operations.hpp>
#include <boost/json.hpp>

#include "base/digest.hpp"
#include "formats/dockerfile_text.hpp"
#include "net/archive_info.hpp"
#include "net/context_tar.hpp"
#include "net/registry_auth.hpp"
#include "net/unpacked_source.hpp"
#include "steps/build_log.hpp"
#include "steps/image_context.hpp"
#include "steps/pull_progress.hpp"

namespace dtenv {
namespace {

std::string base_of(const ImageBuild::Build& build) {
  return build.recipe && build.recipe->debootstrap ? debootstrap_spec(*build.recipe->debootstrap)
                                                   : std::string();
}

/// The old builder knows neither of these.
bool needs_buildkit(std::string_view text) {
  const auto file = parse_dockerfile(text);
  if (!file) return false;
  if (!file->syntax.empty()) return true;
  for (const auto& instruction : file->instructions) {
    if (!instruction.heredocs.empty()) return true;
    for (const auto& flag : instruction.flags)
      if (starts_with(flag, "--mount") || starts_with(flag, "--link")) return true;
  }
  return false;
}

int major_of(const EngineVersion& version) {
  const auto text = version.engine.substr(0, version.engine.find('.'));
  return static_cast<int>(parse_integer(text, 0, 999).value_or(0));
}

/// From 23 on BuildKit is the engine's own default; before, it is used where a file asks for it.
bool use_buildkit(const ImageBuild::Build& build, const EngineVersion& version,
                  std::string_view text) {
  if (build.builder != "auto") return build.builder == "buildkit";
  return version.buildkit && (major_of(version) >= 23 || needs_buildkit(text));
}

std::string build_path(const ImageBuild::Config& config, const ImageBuild::Build& build,
                       const std::string& spec, bool buildkit) {
  json::object labels;
  labels[spec_label] = spec;
  std::string path = "/build?rm=1&forcerm=1&pull=0&t=" + url_encode(config.tag) +
                     "&dockerfile=" + url_encode(dockerfile_name(build)) +
                     "&labels=" + url_encode(json::serialize(labels)) +
                     "&version=" + (buildkit ? "2" : "1");
  if (build.network != "default") path += "&networkmode=" + build.network;
  if (!build.target.empty()) path += "&target=" + url_encode(build.target);
  if (build.args.empty()) return path;
  json::object args;
  for (const auto& [name, value] : build.args) args[name] = value;
  return path + "&buildargs=" + url_encode(json::serialize(args));
}

/// X-Registry-Auth of the document's credentials; the secret itself is in no document.
Result<Environ> auth_headers(const ImageBuild::Pull& pull, const Target& target) {
  Environ headers;
  if (pull.username.empty()) {
    headers.emplace_back("X-Registry-Auth", std::string(registry_auth(nullptr).reveal()));
    return headers;
  }
  const Secret* secret = target.secret ? target.secret(pull.password_secret) : nullptr;
  if (secret == nullptr)
    return Error{Status::config, "image " + pull.reference.familiar() +
                                     ": the session has no secret " + pull.password_secret};
  RegistryCredential credential;
  credential.server = registry_of(pull.reference.full());
  credential.username = pull.username;
  credential.password = Secret(std::string(secret->reveal()));
  headers.emplace_back("X-Registry-Auth", std::string(registry_auth(&credential).reveal()));
  return headers;
}

/// Counts what goes by, for the progress.
BodySource counted(BodySource source, std::uint64_t total, Progress& progress) {
  auto sent = std::make_shared<std::uint64_t>(0);
  const auto take = [](BodySource from, std::shared_ptr<std::uint64_t> count, std::uint64_t all,
                       Progress* told) -> Task<Result<std::string>> {
    auto piece = co_await from();
    if (piece) {
      *count += piece->size();
      told->amount(*count, all);
    }
    co_return piece;
  };
  return [source = std::move(source), sent, total, &progress, take] {
    return take(source, sent, total, &progress);
  };
}

/// The archive as the engine can read it: zstd is undone here for engines before 23.
Result<BodySource> open_archive(const std::string& path, const EngineVersion& version,
                                Progress& progress) {
  boost::system::error_code failed;
  const auto size = boost::filesystem::file_size(path, failed);
  if (failed) return Error{Status::config, "image archive " + path + ": " + failed.message()};
  progress.text("loading " + path + " (" + show_size(static_cast<std::int64_t>(size)) + ")");
  DT_TRY_ASSIGN(const bool is_zstd, is_zstd_file(path));
  if (is_zstd && major_of(version) < 23) {
    DT_TRY_ASSIGN(BodySource unpacked, unpacked_source(path));
    return counted(std::move(unpacked), 0, progress);
  }
  DT_TRY_ASSIGN(BodySource file, file_source(path));
  return counted(std::move(file), size, progress);
}

Task<Result<ImageBuild::Image>> inspect_made(Docker& docker, std::string name) {
  DT_CO_TRY_ASSIGN(auto image, co_await inspect_named(docker, name));
  if (!image)
    co_return Error{Status::verify, "image " + name + ": the engine reported success and has none"};
  co_return std::move(*image);
}

/// Gives the tag to what has another name.
Task<Result<void>> tag_image(Docker& docker, std::string from, std::string tag) {
  const auto name = parse_image_reference(tag);
  if (!name) co_return name.error();
  const auto familiar = name->familiar();
  const auto repository = familiar.substr(0, familiar.size() - name->tag.size() - 1);
  DT_CO_TRY(co_await docker.post("/images/" + url_encode(from) + "/tag?repo=" +
                                 url_encode(repository) + "&tag=" + url_encode(name->tag)));
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::string>> build_spec(const ImageBuild::Build& build) {
  DT_CO_TRY_ASSIGN(const BodySource source, open_context(build));
  Sha256 digest;
  digest.update("image_build 1\n" + base_of(build) + "\n" + dockerfile_name(build) + "\n" +
                build.target + "\n" + build.network + "\n");
  for (const auto& [name, value] : build.args) digest.update(name + "=" + value + "\n");
  while (true) {
    DT_CO_TRY_ASSIGN(const std::string piece, co_await source());
    if (piece.empty()) break;
    digest.update(piece);
    // A context may be gigabytes: others get their turn between two pieces.
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
  co_return digest.finish();
}

Task<Result<void>> build_image(const ImageBuild::Config& config, const ImageBuild::Build& build,
                               std::string spec, Target& target) {
  const std::string what = "image " + config.tag;
  DT_CO_TRY_ASSIGN(const std::string now, co_await build_spec(build));
  if (now != spec)
    co_return Error{Status::plan_stale, what + ": the build context has changed since the plan"};
  if (build.recipe && build.recipe->debootstrap) {
    DT_CO_TRY(co_await make_base(*build.recipe->debootstrap, target));
  }
  DT_CO_TRY_ASSIGN(Docker * docker, co_await target.host.docker());
  DT_CO_TRY_ASSIGN(const EngineVersion version, co_await docker->version());
  DT_CO_TRY_ASSIGN(const std::string text, dockerfile_text(build));
  DT_CO_TRY_ASSIGN(const BodySource source, open_context(build));
  const bool buildkit = use_buildkit(build, version, text);
  target.progress.text("building " + config.tag + (buildkit ? " with BuildKit" : ""));
  BuildLog log(target.progress);
  const JsonLine line = [&log](const json::object& object) { log.take(object); };
  const Environ headers = {};
  const auto built =
      co_await docker->stream(build_path(config, build, spec, buildkit), headers, source, line);
  if (!built) co_return log.explain(built.error(), what);
  DT_CO_TRY_ASSIGN(const ImageBuild::Image image, co_await inspect_made(*docker, config.tag));
  if (image.spec != spec)
    co_return Error{Status::verify, what + ": built, and it lacks the label " +
                                        std::string(spec_label) + " of its inputs"};
  co_return Result<void>{};
}

Task<Result<void>> pull_image(const ImageBuild::Config& config, const ImageBuild::Pull& pull,
                              Target& target) {
  const auto& reference = pull.reference;
  DT_CO_TRY_ASSIGN(const Environ headers, auth_headers(pull, target));
  DT_CO_TRY_ASSIGN(Docker * docker, co_await target.host.docker());
  const auto version = reference.digest.empty() ? reference.tag : reference.digest;
  target.progress.text("pulling " + reference.familiar());
  PullProgress progress(target.progress);
  const JsonLine line = [&progress](const json::object& object) { progress.take(object); };
  const BodySource nothing;
  const auto pulled =
      co_await docker->stream("/images/create?fromImage=" + url_encode(reference.repository()) +
                                  "&tag=" + url_encode(version),
                              headers, nothing, line);
  if (!pulled) {
    Error error = pulled.error();
    error.message = "image " + reference.familiar() + ": " + error.message;
    co_return error;
  }
  if (reference.familiar() != config.tag) {
    DT_CO_TRY(co_await tag_image(*docker, reference.familiar(), config.tag));
  }
  DT_CO_TRY(co_await inspect_made(*docker, config.tag));
  co_return Result<void>{};
}

Task<Result<std::string>> archived_id(const ImageBuild::Config& config,
                                      const ImageBuild::Load& load) {
  namespace fs = boost::filesystem;
  boost::system::error_code failed;
  const auto size = fs::file_size(load.archive, failed);
  if (failed)
    co_return Error{Status::config, "image archive " + load.archive + ": " + failed.message()};
  const auto stamp =
      std::to_string(size) + " " + std::to_string(fs::last_write_time(load.archive, failed));
  auto& memory = *config.memory;
  if (memory.stamp == stamp) co_return memory.id;
  DT_CO_TRY_ASSIGN(const auto images, co_await read_archive_info(load.archive));
  std::vector<std::string> names;
  for (const auto& image : images) {
    const auto meant = parse_image_reference(load.image);
    const bool named = std::find(image.tags.begin(), image.tags.end(),
                                 meant ? meant->familiar() : load.image) != image.tags.end();
    names.insert(names.end(), image.tags.begin(), image.tags.end());
    if (load.image.empty() ? images.size() > 1 : !named) continue;
    memory = {stamp, image.id, image.tags.empty() ? image.id : image.tags.front()};
    co_return memory.id;
  }
  co_return Error{Status::config,
                  "image archive " + load.archive +
                      (load.image.empty() ? ": several images, name one: "
                                          : ": no image " + load.image + " among ") +
                      join(names, ", ")};
}

Task<Result<void>> load_image(const ImageBuild::Config& config, const ImageBuild::Load& load,
                              Target& target) {
  DT_CO_TRY_ASSIGN(const std::string id, co_await archived_id(config, load));
  DT_CO_TRY_ASSIGN(Docker * docker, co_await target.host.docker());
  DT_CO_TRY_ASSIGN(const EngineVersion version, co_await docker->version());
  DT_CO_TRY_ASSIGN(const BodySource source, open_archive(load.archive, version, target.progress));
  const Environ headers = {};
  const JsonLine line = {};
  DT_CO_TRY(co_await docker->stream("/images/load?quiet=1", headers, source, line));
  const std::string name = config.memory->name;
  DT_CO_TRY_ASSIGN(const ImageBuild::Image image, co_await inspect_made(*docker, name));
  if (!image.manifest_id && image.id != id)
    co_return Error{Status::verify,
                    "image " + name + ": loaded as " + image.id + ", the archive has " + id};
  if (name != config.tag) {
    DT_CO_TRY(co_await tag_image(*docker, name, config.tag));
  }
  co_return Result<void>{};
}

}  // namespace dtenv
