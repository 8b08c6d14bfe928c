#include <algorithm>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {
namespace {

bool has_part(const ShellCommand& command, std::string_view part) {
  return std::any_of(command.words.begin(), command.words.end(),
                     [&](const std::string& word) { return contains(word, part); });
}

bool touches_main_config(const ShellCommand& command) {
  return std::any_of(command.words.begin(), command.words.end(),
                     [](const std::string& word) { return ends_with(word, "/sshd_config"); });
}

bool appends_to_main_config(const ShellCommand& command) {
  for (std::size_t i = 0; i + 1 < command.words.size(); ++i)
    if (command.words[i] == ">>" && ends_with(command.words[i + 1], "/sshd_config")) return true;
  return false;
}

/// openssh-server's postinst makes host keys: they must go in the same layer.
void check_keys(const DockerfileModel& model, LintFindings& out) {
  for (const auto& command : model.commands)
    if (command.program() == "ssh-keygen") out.add("L66", command.line);
  for (const auto& file : model.copied)
    for (const std::string_view name : {"id_rsa", "id_ed25519", "id_ecdsa", "ssh_host_"})
      if (contains(file.source, name) && !ends_with(file.source, ".pub")) out.add("L66", file.line);
  for (const auto& package : model.apt)
    if (package.name == "openssh-server" &&
        !model.instruction_has(model.commands[package.command].instruction, "ssh_host_"))
      out.add("L66", package.line);
}

void check_config(const ShellCommand& command, LintFindings& out) {
  if (has_part(command, "PermitRootLogin yes")) out.add("L67", command.line);
  if (has_part(command, "#StrictHostKeyChecking") || has_part(command, "#UserKnownHostsFile"))
    out.add("L68", command.line);
  const bool gnu_address = std::any_of(command.words.begin(), command.words.end(),
                                       [](const auto& word) { return starts_with(word, "0,/"); });
  if (command.program() == "sed" && gnu_address) out.add("L71", command.line);
  if (appends_to_main_config(command)) out.add("L71", command.line);
  if (command.program() == "sed" && touches_main_config(command) && has_part(command, "Port "))
    out.add("L72", command.line);
}

void check_port(const DockerfileModel& model, LintFindings& out) {
  for (const auto& instruction : model.file.instructions) {
    if (instruction.keyword == "ARG" && starts_with(instruction.arguments, "SSH_PORT="))
      out.add("L69", instruction.line);
    if (instruction.keyword == "EXPOSE" && contains(instruction.arguments, "SSH_PORT"))
      out.add("L69", instruction.line);
  }
}

bool sets_port(const DockerfileModel& model) {
  for (std::size_t i = 0; i < model.file.instructions.size(); ++i)
    if (model.instruction_has(i, "Port ") || model.instruction_has(i, "Port=")) return true;
  return false;
}

void check_command(const DockerfileModel& model, LintFindings& out) {
  for (const auto& instruction : model.file.instructions) {
    if (instruction.keyword != "CMD" && instruction.keyword != "ENTRYPOINT") continue;
    const auto words =
        instruction.exec_form ? join(*instruction.exec_form, " ") : instruction.arguments;
    const bool forks = (contains(words, "service ") && contains(words, " start")) ||
                       contains(words, "/etc/init.d/") || contains(words, "systemctl ");
    const bool stays = contains(words, "sleep ") || contains(words, "tail -f") ||
                       contains(words, "exec ") || contains(words, "wait");
    if (forks && !stays) out.add("L70", instruction.line);
    if (contains(words, "sshd") && !contains(words, "-p") && !sets_port(model))
      out.add("L74", instruction.line);
  }
}

void check_password(const DockerfileModel& model, LintFindings& out) {
  for (const auto& comment : model.file.comments)
    if (contains(comment.text, "chpasswd") && contains(comment.text, "root:"))
      out.add("L73", comment.line);
  for (const auto& command : model.commands)
    if (has_part(command, "root:") && model.instruction_has(command.instruction, "chpasswd"))
      out.add("L73", command.line);
}

}  // namespace

void lint_ssh(const DockerfileModel& model, LintFindings& out) {
  check_keys(model, out);
  for (const auto& command : model.commands) check_config(command, out);
  check_port(model, out);
  check_command(model, out);
  check_password(model, out);
}

}  // namespace dtenv
