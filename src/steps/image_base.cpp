// A base image without any registry: the distribution's packages, unpacked by debootstrap.
#include <algorithm>

#include "formats/apt_source.hpp"
#include "steps/image_make.hpp"
#include "steps/line_buffer.hpp"

namespace dtenv {
namespace {

constexpr Duration long_deadline = std::chrono::minutes(30);
constexpr std::string_view work_folder = "/var/lib/dtenv";
constexpr std::string_view tar_header = "Content-Type: application/x-tar";

/// The fixed words of a command line, then the others as they are. g++ 12 makes no initializer
/// lists inside coroutines.
template <class... Words>
Argv line(std::string_view fixed, const Words&... words) {
  Argv argv = split(fixed, ' ');
  (argv.push_back(std::string(words)), ...);
  return argv;
}

/// Named by its inputs: what a killed run left is found and removed by the next.
std::string base_folder(const DebootstrapBase& base) {
  return std::string(work_folder) + "/base-" + debootstrap_spec(base).substr(0, 12);
}

Task<Result<Outcome>> run_long(Target& target, Argv argv, OutputSink sink = {}) {
  Command command;
  command.argv = std::move(argv);
  command.env.emplace_back("DEBIAN_FRONTEND", "noninteractive");
  command.timeout = long_deadline;
  auto outcome = co_await target.host.run(command, std::move(sink));
  co_return outcome;
}

Task<Result<void>> run_to_end(Target& target, Argv argv, OutputSink sink = {}) {
  Command named;
  named.argv = argv;
  DT_CO_TRY_ASSIGN(const Outcome outcome,
                   co_await run_long(target, std::move(argv), std::move(sink)));
  if (!outcome.ok()) co_return command_error(named, outcome);
  co_return Result<void>{};
}

Task<Result<void>> need_debootstrap(Target& target) {
  Argv ask = line("debootstrap --version");
  DT_CO_TRY_ASSIGN(const Outcome asked, co_await run_long(target, std::move(ask)));
  if (asked.exit_code != 127) co_return Result<void>{};
  target.progress.text("installing debootstrap");
  Argv update = line("apt-get update -o DPkg::Lock::Timeout=600");
  DT_CO_TRY(co_await run_to_end(target, std::move(update)));
  Argv install =
      line("apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 debootstrap");
  co_return co_await run_to_end(target, std::move(install));
}

Task<Result<std::vector<AptFile>>> read_apt_files(Target& target) {
  Argv list = line(
      "find /etc/apt -maxdepth 2 -type f "
      "( -name sources.list -o -path /etc/apt/sources.list.d/* )");
  DT_CO_TRY_ASSIGN(const Outcome listed, co_await run_long(target, std::move(list)));
  std::vector<AptFile> files;
  for (const auto path : split_lines(listed.out)) {
    AptFile file;
    file.path = std::string(path);
    DT_CO_TRY_ASSIGN(auto state, co_await target.host.read(file.path, std::size_t{1} << 20));
    if (state) file.text = std::move(state->content);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const AptFile& a, const AptFile& b) { return a.path < b.path; });
  co_return files;
}

Error no_mirror(const DebootstrapBase& base, const Node& node) {
  Problem problem;
  problem.problem = "no apt source of suite " + base.suite;
  problem.hint = "name one as from.build.recipe.base.debootstrap.mirror";
  return {Status::config,
          "base image " + base.suite + ": " + node.name + " has no source of that suite",
          {problem}};
}

/// The document's mirror, or the machine's own first source of that suite.
Task<Result<std::string>> choose_mirror(const DebootstrapBase& base, Target& target) {
  if (!base.mirror.empty()) co_return base.mirror;
  DT_CO_TRY_ASSIGN(const auto files, co_await read_apt_files(target));
  auto uri = archive_uri(files, base.suite);
  if (!starts_with(uri, "http")) co_return no_mirror(base, target.node);
  co_return uri;
}

Argv debootstrap_argv(const DebootstrapBase& base, const std::string& folder,
                      const std::string& mirror) {
  auto packages = base.packages;
  if (starts_with(mirror, "https:") &&
      std::find(packages.begin(), packages.end(), "ca-certificates") == packages.end())
    packages.emplace_back("ca-certificates");
  Argv argv = line("debootstrap --variant=minbase");
  if (!packages.empty()) argv.push_back("--include=" + join(packages, ","));
  argv.insert(argv.end(), {base.suite, folder, mirror});
  return argv;
}

Argv tar_argv(const std::string& folder, const std::string& archive) {
  return line(
      "tar --numeric-owner --exclude=./var/cache/apt/archives/* --exclude=./var/lib/apt/lists/* "
      "-cf",
      archive, "-C", folder, ".");
}

std::string label_of(const DebootstrapBase& base) {
  return "LABEL " + std::string(spec_label) + "=" + debootstrap_spec(base);
}

/// The engine's API on the machine itself, for one without the docker client: Debian 13 has it in a
/// package of its own.
Argv import_by_curl(const DebootstrapBase& base, const std::string& archive) {
  const auto tag = debootstrap_tag(base);
  const auto colon = tag.rfind(':');
  const auto url =
      "http://docker/images/create?fromSrc=-&repo=" + url_encode(tag.substr(0, colon)) +
      "&tag=" + url_encode(tag.substr(colon + 1)) + "&changes=" + url_encode(label_of(base));
  return line("curl -fsS --unix-socket /var/run/docker.sock -X POST -H", tar_header, "-T", archive,
              url);
}

/// On the machine itself, so that 200 MB do not go to the controller and back.
Task<Result<void>> import_folder(const DebootstrapBase& base, std::string folder, Target& target) {
  const std::string archive = folder + ".tar";
  DT_CO_TRY(co_await run_to_end(target, tar_argv(folder, archive)));
  Argv import = line("docker import --change", label_of(base), archive, debootstrap_tag(base));
  Command named;
  named.argv = import;
  DT_CO_TRY_ASSIGN(const Outcome imported, co_await run_long(target, std::move(import)));
  if (imported.exit_code == 127)
    co_return co_await run_to_end(target, import_by_curl(base, archive));
  if (!imported.ok()) co_return command_error(named, imported);
  co_return Result<void>{};
}

Task<Result<void>> unpack_and_import(const DebootstrapBase& base, std::string folder,
                                     Target& target) {
  DT_CO_TRY_ASSIGN(const std::string mirror, co_await choose_mirror(base, target));
  DT_CO_TRY(co_await need_debootstrap(target));
  Argv parent = line("mkdir -p -m 0755", work_folder);
  DT_CO_TRY(co_await run_to_end(target, std::move(parent)));
  Argv make = line("mkdir -m 0755", folder);
  DT_CO_TRY(co_await run_to_end(target, std::move(make)));
  target.progress.text("making the base " + base.suite + " of " + mirror + "'s packages");
  LineBuffer lines;
  auto& progress = target.progress;
  const auto tell = [&progress](std::string_view text) {
    progress.output("debootstrap", to_utf8(text));
  };
  const OutputSink sink = [&lines, tell](Stream, std::string_view bytes) {
    lines.add(bytes, tell);
  };
  DT_CO_TRY(co_await run_to_end(target, debootstrap_argv(base, folder, mirror), sink));
  target.progress.text("importing the base as " + debootstrap_tag(base));
  co_return co_await import_folder(base, folder, target);
}

}  // namespace

Task<Result<void>> clean_base(const DebootstrapBase& base, Target& target) {
  const std::string folder = base_folder(base);
  // What debootstrap mounts there it unmounts itself, unless it was killed.
  Argv proc = line("umount -q", folder + "/proc");
  DT_CO_TRY(co_await run_long(target, std::move(proc)));
  Argv sys = line("umount -q", folder + "/sys");
  DT_CO_TRY(co_await run_long(target, std::move(sys)));
  Argv remove = line("rm -rf --one-file-system", folder, folder + ".tar");
  co_return co_await run_to_end(target, std::move(remove));
}

Task<Result<void>> make_base(const DebootstrapBase& base, Target& target) {
  DT_CO_TRY_ASSIGN(Docker * docker, co_await target.host.docker());
  DT_CO_TRY_ASSIGN(const auto there, co_await inspect_named(*docker, debootstrap_tag(base)));
  if (there && there->spec == debootstrap_spec(base)) co_return Result<void>{};
  DT_CO_TRY(co_await clean_base(base, target));
  auto made = co_await unpack_and_import(base, base_folder(base), target);
  // The folder goes whatever came of it; its own failure matters only where all else went well.
  auto cleaned = co_await clean_base(base, target);
  if (!made) co_return made;
  co_return cleaned;
}

}  // namespace dtenv
