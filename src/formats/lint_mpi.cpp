#include <algorithm>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {
namespace {

bool has_start(const ShellCommand& command, std::string_view start) {
  return std::any_of(command.words.begin(), command.words.end(),
                     [&](const std::string& word) { return starts_with(word, start); });
}

bool has_part(const ShellCommand& command, std::string_view part) {
  return std::any_of(command.words.begin(), command.words.end(),
                     [&](const std::string& word) { return contains(word, part); });
}

/// An OFED release before 23: older than any kernel module a current host runs.
bool is_old_ofed(const std::string& text) {
  const auto at = text.find("MLNX_OFED_LINUX-");
  if (at == std::string::npos) return false;
  const auto rest = std::string_view(text).substr(at + 16);
  return parse_integer(rest.substr(0, rest.find('.')), 1, 22).has_value();
}

void check_ofed(const DockerfileModel& model, LintFindings& out) {
  for (const auto& file : model.copied)
    if (is_old_ofed(file.source)) out.add("L17", file.line);
  for (const auto& command : model.commands) {
    if (command.program() == "mlnxofedinstall" && command.has("--all"))
      out.add("L16", command.line);
    for (const auto& word : command.words)
      if (is_old_ofed(model.expand(word))) out.add("L17", command.line);
  }
}

void check_peer_memory(const ShellCommand& command, LintFindings& out) {
  const bool peer = has_part(command, "nv_peer_memory") || has_part(command, "nvidia-peer-memory");
  if (command.program() == "git" && command.has("clone") && (peer || has_start(command, "git://")))
    out.add("L21", command.line);
  const bool installs = command.program() == "dpkg" && peer;
  if (installs || command.program() == "build_module.sh" || command.program() == "insmod" ||
      command.program() == "modprobe" || command.program() == "dkms")
    out.add("L20", command.line);
}

void check_configure(const DockerfileModel& model, const ShellCommand& command, bool in_openmpi,
                     LintFindings& out) {
  if (command.program() != "configure") return;
  if (command.has("--prefix=/usr")) out.add("L23", command.line);
  const bool cuda = model.cuda_major() == 0 || has_start(command, "--with-cuda");
  if (in_openmpi && !(cuda && has_start(command, "--with-ucx"))) out.add("L24", command.line);
}

void check_make(const DockerfileModel& model, const ShellCommand& command, LintFindings& out) {
  if (command.program() != "make") return;
  const auto words = command.arguments();
  const bool builds = std::none_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "install" || word == "clean" || word == "check";
  });
  const bool flagged = model.env.find("MAKEFLAGS") != model.env.end();
  if (builds && !flagged && !has_start(command, "-j")) out.add("L26", command.line);
}

bool has_openmpi(const DockerfileModel& model) {
  const auto apt = std::any_of(model.apt.begin(), model.apt.end(), [](const WantedPackage& p) {
    return starts_with(p.name, "openmpi") || starts_with(p.name, "libopenmpi");
  });
  return apt || model.any_run_has("openmpi-") || model.any_run_has("hpcx");
}

}  // namespace

void lint_mpi(const DockerfileModel& model, LintFindings& out) {
  check_ofed(model, out);
  std::size_t instruction = 0;
  bool in_openmpi = false;
  for (const auto& command : model.commands) {
    if (command.instruction != instruction) in_openmpi = false;
    instruction = command.instruction;
    if (command.program() == "cd") in_openmpi = has_part(command, "openmpi");
    check_peer_memory(command, out);
    check_configure(model, command, in_openmpi, out);
    check_make(model, command, out);
    if (has_part(command, "mpirun.real")) out.add("L25", command.line);
    const bool setup = starts_with(command.program(), "python") && command.has("setup.py") &&
                       command.has("install");
    if (setup) out.add("L46", command.line);
  }
  if (!has_openmpi(model)) return;
  for (const auto& package : model.apt)
    if (package.name == "mpich" || package.name == "libmpich-dev") out.add("L45", package.line);
}

}  // namespace dtenv
