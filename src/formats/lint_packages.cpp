#include <algorithm>
#include <set>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {
namespace {

bool is_apt_install(const ShellCommand& command) {
  const auto program = command.program();
  return (program == "apt-get" || program == "apt") && command.has("install");
}

bool says_yes(const DockerfileModel& model, const ShellCommand& command) {
  const bool said =
      std::any_of(command.words.begin(), command.words.end(), [](const std::string& word) {
        const bool short_options = word.size() > 1 && word[0] == '-' && word[1] != '-';
        return word == "--yes" || word == "--assume-yes" ||
               (short_options && (contains(word, "y") || contains(word, "qq")));
      });
  return said || model.any_run_has("APT::Get::Assume-Yes");
}

/// llvm-9-dev and older have left the distributions.
bool is_gone_llvm(const std::string& name) {
  const auto parts = split(name, '-');
  return parts.size() > 1 && (parts[0] == "llvm" || parts[0] == "clang") &&
         parse_integer(parts[1], 1, 10).has_value();
}

void check_install(const DockerfileModel& model, const ShellCommand& command, LintFindings& out) {
  const auto index = command.instruction;
  const auto& flags = model.file.instructions[index].flags;
  const bool cached = std::any_of(flags.begin(), flags.end(), [](const std::string& flag) {
    return contains(flag, "type=cache") && contains(flag, "/var/lib/apt");
  });
  if (!cached && !model.instruction_has(index, "/var/lib/apt/lists")) out.add("L09", command.line);
  const bool updates =
      std::any_of(model.commands.begin(), model.commands.end(), [&](const auto& c) {
        return c.instruction == index && c.has("update") &&
               (c.program() == "apt-get" || c.program() == "apt");
      });
  if (!updates) out.add("L19", command.line);
  if (!says_yes(model, command))
    out.add(command.has("openssh-server") ? "L65" : "L62", command.line);
}

void check_package(const DockerfileModel& model, const WantedPackage& package, LintFindings& out) {
  const auto& name = package.name;
  if (is_gone_llvm(name)) out.add("L07", package.line);
  if (name == "libcupti-dev" && model.cuda_major() != 0) out.add("L08", package.line);
  if (name == "musl-dev" || name == "systemd") out.add("L10", package.line);
  if (name == "libcap2") out.add("L18", package.line);
  if (name == "software-properties-common") out.add("L14", package.line);
  if (name == "dkms") out.add("L20", package.line);
  if (name == "pdsh" && model.env.find("PDSH_RCMD_TYPE") == model.env.end() &&
      !model.any_run_has("/etc/pdsh/rcmd_default"))
    out.add("L11", package.line);
  const bool held = starts_with(name, "libnccl") && model.cuda_major() != 0;
  if (held && !model.commands[package.command].has("--allow-change-held-packages"))
    out.add("L64", package.line);
}

}  // namespace

void lint_packages(const DockerfileModel& model, LintFindings& out) {
  for (const auto& command : model.commands)
    if (is_apt_install(command)) check_install(model, command, out);
  std::set<std::pair<std::size_t, std::string>> seen;
  for (const auto& package : model.apt) {
    check_package(model, package, out);
    if (!seen.emplace(package.command, package.name).second) out.add("L18", package.line);
  }
}

}  // namespace dtenv
