#include <algorithm>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {
namespace {

bool is_archive(std::string_view name) {
  for (const std::string_view end :
       {".tgz", ".tar.gz", ".tar.bz2", ".tbz", ".tar.xz", ".zip", ".deb", ".run", ".tar.zst"})
    if (ends_with(name, end)) return true;
  return false;
}

std::string base_name(std::string_view path) {
  while (ends_with(path, "/")) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

/// Does an `rm` of a later instruction take `path` away?
bool removed_later(const DockerfileModel& model, std::size_t instruction, const std::string& path) {
  for (const auto& command : model.commands) {
    if (command.instruction <= instruction || command.program() != "rm") continue;
    for (const auto& word : command.arguments()) {
      auto target = model.expand(word);
      if (target == path) return true;
      if (!ends_with(target, "*")) continue;
      target.pop_back();
      if (!target.empty() && starts_with(path, target)) return true;
    }
  }
  return false;
}

std::string placed_at(const CopiedFile& file) {
  const auto name = base_name(file.source);
  if (is_archive(file.destination) || base_name(file.destination) == name) return file.destination;
  return file.destination + (ends_with(file.destination, "/") ? "" : "/") + name;
}

void check_copied(const DockerfileModel& model, const CopiedFile& file, LintFindings& out) {
  if (is_archive(file.source)) {
    const bool removed = removed_later(model, file.instruction, placed_at(file));
    out.add(removed ? "L15" : "L27", file.line);
  } else if (removed_later(model, file.instruction, file.destination) ||
             removed_later(model, file.instruction, placed_at(file))) {
    out.add("L48", file.line);
  }
}

/// `git clone` in one RUN, its `rm -rf` in another.
void check_cloned(const DockerfileModel& model, const ShellCommand& command, LintFindings& out) {
  if (command.program() != "git" || !command.has("clone")) return;
  const auto target = model.expand(command.words.back());
  if (starts_with(target, "/") && removed_later(model, command.instruction, target))
    out.add("L48", command.line);
}

/// The value of an ENV …VERSION that stands as a literal elsewhere.
void check_versions(const DockerfileModel& model, LintFindings& out) {
  for (const auto& [name, value] : model.env) {
    if (!ends_with(name, "VERSION") || value.size() < 4 || !contains(value, ".")) continue;
    for (const auto& instruction : model.file.instructions) {
      if (instruction.keyword != "COPY" && instruction.keyword != "RUN" &&
          instruction.keyword != "ADD")
        continue;
      const auto at = instruction.arguments.find(value);
      if (at != std::string::npos) out.add("L22", instruction.line_at(at));
    }
  }
}

bool checks_sum(const DockerfileModel& model, std::size_t instruction) {
  return model.instruction_has(instruction, "sha256sum") ||
         model.instruction_has(instruction, "sha512sum");
}

bool fails_on_error(const ShellCommand& command) {
  if (command.program() != "curl") return true;
  return std::any_of(command.words.begin(), command.words.end(), [](const std::string& word) {
    return word == "--fail" ||
           (word.size() > 1 && word[0] == '-' && word[1] != '-' && contains(word, "f"));
  });
}

bool is_interpreter(std::string_view program) {
  return program == "sh" || program == "bash" || starts_with(program, "python");
}

/// What is downloaded, and whether it is run in the same RUN without a look at its sum.
void check_download(const DockerfileModel& model, std::size_t index, LintFindings& out) {
  const auto& command = model.commands[index];
  const auto program = command.program();
  if (program != "curl" && program != "wget") return;
  const bool checked = checks_sum(model, command.instruction);
  for (const auto& word : command.words) {
    if (!contains(word, "://")) continue;
    if (!checked || !fails_on_error(command)) out.add("L29", command.line);
    if (checked) continue;
    const auto file = base_name(word);
    for (std::size_t i = index + 1; i < model.commands.size(); ++i) {
      const auto& later = model.commands[i];
      if (later.instruction != command.instruction) break;
      const bool piped = i == index + 1 && later.joined_by == "|";
      const bool named = std::any_of(
          later.words.begin(), later.words.end(),
          [&](const std::string& w) { return base_name(w) == file || contains(w, file); });
      if (is_interpreter(later.program()) && (piped || named)) out.add("L37", later.line);
    }
  }
}

}  // namespace

void lint_layers(const DockerfileModel& model, LintFindings& out) {
  for (const auto& file : model.copied) check_copied(model, file, out);
  for (std::size_t i = 0; i < model.commands.size(); ++i) {
    check_cloned(model, model.commands[i], out);
    check_download(model, i, out);
  }
  check_versions(model, out);
}

}  // namespace dtenv
