#include "host/shell_files.hpp"

#include "base/text.hpp"
#include "host/safe_folder.hpp"
#include "host/shell_programs.hpp"

namespace dtenv {

namespace {

Command program(std::string_view text, Argv arguments) {
  Command command;
  command.argv = {"sh", "-c", std::string(text), "dtenv"};
  for (std::string& argument : arguments) command.argv.push_back(std::move(argument));
  return command;
}

std::string octal(std::uint32_t mode) {
  std::string digits;
  for (int shift = 9; shift >= 0; shift -= 3)
    digits += static_cast<char>('0' + (mode >> shift & 7U));
  return digits;
}

Error file_error(const std::string& path, const Outcome& outcome) {
  std::string reason(trim(outcome.err));
  reason = reason.substr(reason.rfind('\n') == std::string::npos ? 0 : reason.rfind('\n') + 1);
  if (contains(reason, "busy")) reason = "is bind mounted and cannot be replaced";
  if (reason.empty()) reason = "exit " + std::to_string(outcome.exit_code);
  const Status status = outcome.exit_code == file_exit::stale ? Status::plan_stale : Status::io;
  return {status, path + ": " + visible(reason, 300)};
}

/// "644 0:0\n" and the content.
Result<FileState> parse_state(const std::string& path, std::string out) {
  const std::size_t line_end = out.find('\n');
  const auto words = split_words(std::string_view(out).substr(0, line_end));
  if (line_end == std::string::npos || words.size() != 2)
    return Error{Status::io, path + ": the machine's shell answered " + visible(out)};
  FileState state;
  for (const char digit : words[0])
    state.mode = state.mode << 3 | static_cast<std::uint32_t>(digit - '0');
  state.owner = words[1];
  out.erase(0, line_end + 1);
  state.content = std::move(out);
  return state;
}

Result<void> check_path(const std::string& path) {
  if (starts_with(path, "/") && !ends_with(path, "/") && path.find('\0') == std::string::npos)
    return {};
  return Error{Status::invalid, visible(path) + ": not an absolute path of a file"};
}

}  // namespace

Task<Result<std::optional<FileState>>> shell_read(Host& host, std::string path, std::size_t limit) {
  DT_CO_TRY(check_path(path));
  Command command = program(read_program, {path, std::to_string(limit)});
  command.output_limit = limit + 4096;
  DT_CO_TRY_ASSIGN(Outcome outcome, co_await host.run(command));
  if (outcome.exit_code == file_exit::absent) co_return std::optional<FileState>();
  const Error too_large{Status::io, path + ": larger than " + std::to_string(limit) + " bytes"};
  if (outcome.exit_code == file_exit::too_large) co_return too_large;
  if (!outcome.ok()) co_return file_error(path, outcome);
  DT_CO_TRY_ASSIGN(FileState state, parse_state(path, std::move(outcome.out)));
  if (state.content.size() > limit) co_return too_large;
  co_return std::optional<FileState>(std::move(state));
}

Task<Result<void>> shell_write(Host& host, const FileWrite& file) {
  DT_CO_TRY(check_path(file.path));
  if (!file.owner.empty() && !parse_owner(file.owner))
    co_return Error{Status::invalid,
                    file.path + ": the owner is not uid:gid: " + visible(file.owner)};
  std::string sha = "-";
  if (file.expected_sha256) sha = file.expected_sha256->empty() ? "absent" : *file.expected_sha256;
  Command command =
      program(write_program,
              {file.path, std::to_string(file.content.size()), file.mode ? octal(*file.mode) : "-",
               file.owner.empty() ? "-" : file.owner, sha, file.follow_symlink ? "1" : "0",
               file.make_folders ? "1" : "0", octal(file.folder_mode.value_or(0755))});
  command.input = file.content;
  DT_CO_TRY_ASSIGN(Outcome outcome, co_await host.run(command));
  if (!outcome.ok()) co_return file_error(file.path, outcome);
  co_return Result<void>{};
}

}  // namespace dtenv
