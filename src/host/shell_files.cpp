#include "host/shell_files.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "host/perl_programs.hpp"
#include "host/safe_folder.hpp"
#include "host/shell_programs.hpp"

namespace dtenv {

namespace {

Command program(std::string_view text, std::string_view perl, Argv arguments) {
  Command command;
  command.perl = perl;
  command.argv = {"sh", "-c", std::string(text), "dtenv"};
  for (std::string& argument : arguments) command.argv.push_back(std::move(argument));
  command.brief = true;
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
  Command command = program(read_program, read_perl, {path, std::to_string(limit)});
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

namespace {

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// How many of them go in one call: what stands in one folder, but for links to be followed.
std::size_t group_of(std::span<const FileWrite> files) {
  std::size_t count = 1;
  while (count < files.size() && !files[0].follow_symlink && !files[count].follow_symlink &&
         folder_of(files[count].path) == folder_of(files[0].path) &&
         files[count].make_folders == files[0].make_folders &&
         files[count].keep_attributes == files[0].keep_attributes)
    ++count;
  return count;
}

Result<void> check_write(const FileWrite& file) {
  DT_TRY(check_path(file.path));
  if (file.owner.empty() || parse_owner(file.owner)) return {};
  return Error{Status::invalid, file.path + ": the owner is not uid:gid: " + visible(file.owner)};
}

Command write_command(std::span<const FileWrite> files) {
  const FileWrite& first = files.front();
  std::string input;
  std::size_t size = 0;
  for (const FileWrite& file : files) size += file.content.size();
  input.reserve(size);
  Argv words = {folder_of(first.path),
                first.make_folders ? "1" : "0",
                octal(first.folder_mode.value_or(0755)),
                first.follow_symlink ? "1" : "0",
                first.keep_attributes ? "1" : "0",
                hex(random_bytes(8))};
  for (const FileWrite& file : files) {
    std::string sha = "-";
    if (file.expected_sha256)
      sha = file.expected_sha256->empty() ? "absent" : *file.expected_sha256;
    words.push_back(file.path.substr(file.path.rfind('/') + 1));
    words.push_back(std::to_string(file.content.size()));
    words.push_back(file.mode ? octal(*file.mode) : "-");
    words.push_back(file.owner.empty() ? "-" : file.owner);
    words.push_back(std::move(sha));
    input += file.content;
  }
  Command command = program(write_program, write_perl, std::move(words));
  command.input = std::move(input);
  return command;
}

/// "2 a folder": of the second file.
Error write_error(std::span<const FileWrite> files, Outcome outcome) {
  const std::size_t line = trim(outcome.err).rfind('\n');
  const std::size_t at = line == std::string_view::npos ? 0 : line + 1;
  const std::size_t blank = outcome.err.find(' ', at);
  std::size_t number = 1;
  if (blank != std::string::npos)
    if (const auto told = parse_integer(std::string_view(outcome.err).substr(at, blank - at), 1,
                                        static_cast<std::int64_t>(files.size()))) {
      number = static_cast<std::size_t>(*told);
      outcome.err.erase(at, blank + 1 - at);
    }
  return file_error(files[number - 1].path, outcome);
}

}  // namespace

Task<Result<void>> shell_write(Host& host, std::span<const FileWrite> files) {
  for (const FileWrite& file : files) {
    DT_CO_TRY(check_write(file));
  }
  bool one_by_one = false;
  while (!files.empty()) {
    const std::size_t count = one_by_one ? 1 : group_of(files);
    const auto group = files.first(count);
    const Command command = write_command(group);
    DT_CO_TRY_ASSIGN(const Outcome outcome, co_await host.run(command));
    one_by_one = one_by_one || outcome.exit_code == file_exit::one_by_one;
    if (outcome.exit_code == file_exit::one_by_one && count > 1) continue;
    if (!outcome.ok()) co_return write_error(group, outcome);
    files = files.subspan(count);
  }
  co_return Result<void>{};
}

}  // namespace dtenv
