#include "host/fake_host.hpp"

#include "base/deadline.hpp"
#include "base/digest.hpp"
#include "proc/capture.hpp"

namespace dtenv {

namespace {

Result<void> check_expected(const FileWrite& file, const FakeHost::File* old) {
  if (!file.expected_sha256) return {};
  const bool absent = file.expected_sha256->empty();
  const bool as_expected =
      absent ? old == nullptr : old != nullptr && sha256(old->content) == *file.expected_sha256;
  if (as_expected) return {};
  return Error{Status::plan_stale, file.path + ": changed since it was read"};
}

bool is_folder(const std::map<std::string, FakeHost::File>& files, const std::string& path) {
  const auto below = files.lower_bound(path + "/");
  return below != files.end() && starts_with(below->first, path + "/");
}

}  // namespace

void FakeHost::on(Argv argv, Outcome outcome) {
  outcomes_[std::move(argv)] = std::move(outcome);
}

void FakeHost::on(Argv argv, std::string out, int exit_code) {
  Outcome outcome;
  outcome.out = std::move(out);
  outcome.exit_code = exit_code;
  on(std::move(argv), std::move(outcome));
}

void FakeHost::on_any(Answer answer) {
  answers_.push_back(std::move(answer));
}

Task<Result<void>> FakeHost::begin() {
  ++calls_;
  if (delay.count() > 0) co_await pause(delay);
  if (failure && (!fail_after || calls_ > *fail_after)) co_return *failure;
  co_return Result<void>{};
}

Outcome FakeHost::answer(const Command& command) const {
  if (const auto found = outcomes_.find(command.argv); found != outcomes_.end())
    return found->second;
  for (auto each = answers_.rbegin(); each != answers_.rend(); ++each)
    if (auto outcome = (*each)(command)) return *std::move(outcome);
  Outcome outcome;
  outcome.exit_code = 127;
  outcome.err = (command.argv.empty() ? "" : command.argv.front()) + ": not found\n";
  return outcome;
}

Task<Result<void>> FakeHost::connect() {
  co_return co_await begin();
}

Task<Result<Outcome>> FakeHost::run(const Command& command, OutputSink sink) {
  if (delay > command.timeout) {
    co_await pause(command.timeout);
    co_return Error{Status::timeout, visible(show_argv(command.argv), 120) + ": no end after " +
                                         show_duration(command.timeout)};
  }
  DT_CO_TRY(co_await begin());
  commands.push_back(command);
  const Outcome scripted = answer(command);
  Capture capture(command, std::move(sink));
  capture.add(Stream::out, scripted.out);
  capture.add(Stream::err, scripted.err);
  co_return capture.finish(scripted.exit_code, scripted.signal);
}

Task<Result<std::optional<FileState>>> FakeHost::read(std::string path, std::size_t limit) {
  DT_CO_TRY(co_await begin());
  auto found = files.find(path);
  for (int links = 0; found != files.end() && !found->second.link.empty() && links < 20; ++links)
    found = files.find(found->second.link);
  if (found == files.end() && is_folder(files, path))
    co_return Error{Status::io, path + ": a folder"};
  if (found == files.end()) co_return std::optional<FileState>();
  const File& file = found->second;
  if (file.unreadable) co_return Error{Status::io, path + ": open: Permission denied"};
  if (file.content.size() > limit)
    co_return Error{Status::io, path + ": larger than " + std::to_string(limit) + " bytes"};
  FileState state;
  state.content = file.content;
  state.mode = file.mode;
  state.owner = file.owner;
  co_return std::optional<FileState>(std::move(state));
}

Task<Result<void>> FakeHost::write_all(std::span<const FileWrite> files_to_write) {
  DT_CO_TRY(co_await begin());
  for (const FileWrite& file : files_to_write) {
    DT_CO_TRY(write_one(file));
  }
  co_return Result<void>{};
}

Result<void> FakeHost::write_one(const FileWrite& file) {
  std::string path = file.path;
  auto found = files.find(path);
  if (found != files.end() && !found->second.link.empty()) {
    if (!file.follow_symlink)
      return Error{Status::io, path + ": a symbolic link; a write would replace it"};
    path = found->second.link;
    found = files.find(path);
  }
  if (is_folder(files, path)) return Error{Status::io, path + ": a folder"};
  DT_TRY(check_expected(file, found == files.end() ? nullptr : &found->second));
  File written = found == files.end() ? File{} : found->second;
  written.content = file.content;
  if (file.mode) written.mode = *file.mode;
  if (!file.owner.empty()) written.owner = file.owner;
  files[path] = std::move(written);
  ++writes;
  return Result<void>{};
}

Task<Result<Docker*>> FakeHost::docker() {
  DT_CO_TRY(co_await begin());
  if (!engine) co_return Error{Status::not_found, name_ + ": no Docker Engine"};
  co_return *engine;
}

}  // namespace dtenv
