// The files of DockerConfig about daemon.json: what is written beside it, itself, and the question
// whether the daemon would start with it.
#include "steps/docker_write.hpp"

#include "base/digest.hpp"
#include "formats/daemon_flags.hpp"
#include "steps/docker_files.hpp"

namespace dtenv {

namespace {

using Facts = DockerConfig::Facts;

/// args: FILE WORD…, the content on stdin. Beside FILE, since a packaged daemon may see no other
/// folder; what a dead run left there is taken away.
constexpr std::string_view validate_program = R"sh(
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
umask 077
base=$1.dtenv.check
shift
for f in "$base".*; do
  [ -f "$f" ] && { kill -0 "${f##*.}" 2>/dev/null || rm -f "$f"; }
done
if [ -d "${base%/*}" ]; then f=$base.$$; else f=$(mktemp) || exit 84; fi
trap 'rm -f "$f"' EXIT
trap 'exit 84' HUP INT TERM PIPE
cat >"$f" || exit 84
"$@" "--config-file=$f" --validate 2>&1 | sed "s|$f|daemon.json|g"
)sh";

Task<Result<void>> remove_file(Target& target, std::string path) {
  Command command;
  command.argv = {"rm", "-f", "--", std::move(path)};
  const auto removed = co_await run_ok(target.host, command);
  if (!removed) co_return removed.error();
  co_return Result<void>();
}

std::string digest_of(const std::optional<std::string>& text) {
  return text ? sha256(*text) : "";
}

FileWrite new_file(const std::string& path, std::string content) {
  FileWrite file;
  file.path = path;
  file.content = std::move(content);
  return file;
}

/// The daemon's own words without the file it reads.
Argv words_without_file(const Argv& words) {
  Argv kept;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--config-file")
      ++i;
    else if (!starts_with(words[i], "--config-file="))
      kept.push_back(words[i]);
  }
  return kept;
}

}  // namespace

Task<Result<void>> write_daemon_json(Target& target, const Facts& facts, const std::string& bytes,
                                     const std::string& activation) {
  const std::string old = digest_of(facts.config_text);
  if (activation != "none") {
    const FileWrite mark = new_file(pending_file(facts.config_file), activation + " " + old + "\n");
    DT_CO_TRY(co_await target.host.write(mark));
  }
  if (facts.config_text) {
    DT_CO_TRY_ASSIGN(const auto state, co_await target.host.read(facts.config_file));
    FileWrite backup = new_file(backup_file(facts.config_file), *facts.config_text);
    // It may hold what not everybody may read: a proxy's password.
    if (state) backup.mode = state->mode;
    if (state) backup.owner = state->owner;
    DT_CO_TRY(co_await target.host.write(backup));
  }
  FileWrite file = new_file(facts.config_file, bytes);
  file.expected_sha256 = old;
  file.follow_symlink = true;
  co_return co_await target.host.write(file);
}

Task<Result<void>> restore_daemon_json(Target& target, const Facts& facts,
                                       const std::string& bytes) {
  FileWrite file = new_file(facts.config_file, facts.config_text.value_or(""));
  file.expected_sha256 = sha256(bytes);
  file.follow_symlink = true;
  if (facts.config_text) co_return co_await target.host.write(file);
  DT_CO_TRY_ASSIGN(const auto state, co_await target.host.read(facts.config_file));
  if (!state) co_return Result<void>();
  if (sha256(state->content) != *file.expected_sha256)
    co_return Error(Status::plan_stale, facts.config_file + ": changed since it was written");
  co_return co_await remove_file(target, facts.config_file);
}

Task<Result<void>> validate_daemon_json(Target& target, const Facts& facts,
                                        const std::string& bytes) {
  const EngineRelease engine = parse_engine_release(facts.info.version);
  if (!engine.known || !engine.at_least(23) || facts.daemon_argv.empty() || facts.daemon_pid == 0)
    co_return Result<void>();
  Command command;
  command.argv = {"sh", "-c", std::string(validate_program), "dtenv-docker-validate",
                  facts.config_file};
  for (std::string& word : words_without_file(facts.daemon_argv))
    command.argv.push_back(std::move(word));
  command.input = bytes;
  command.timeout = std::chrono::seconds(30);
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await target.host.run(command));
  if (contains(outcome.out, "configuration OK")) co_return Result<void>();
  // A stub of a program says nothing, and one that knows no such flag has not looked at the file.
  if (!contains(outcome.out, "daemon.json") && !contains(outcome.out, "onfigur"))
    co_return Result<void>();
  std::string said(trim(outcome.out));
  said = said.substr(said.rfind('\n') == std::string::npos ? 0 : said.rfind('\n') + 1);
  co_return Error(Status::config, facts.config_file + ": the daemon would not start with it: " +
                                      visible(said, 300));
}

Task<Result<void>> remove_pending(Target& target, const std::string& config_file) {
  co_return co_await remove_file(target, pending_file(config_file));
}

}  // namespace dtenv
