#include <algorithm>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {
namespace {

bool has_part(const ShellCommand& command, std::string_view part) {
  return std::any_of(command.words.begin(), command.words.end(),
                     [&](const std::string& word) { return contains(word, part); });
}

bool is_named(std::string_view path, std::string_view name) {
  while (ends_with(path, "/")) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  return lower(slash == std::string_view::npos ? path : path.substr(slash + 1)) == name;
}

bool pip_installs_here(const ShellCommand& command) {
  const bool pip = starts_with(command.program(), "pip") && command.has("install");
  return (pip && (command.has(".") || command.has("./"))) ||
         (starts_with(command.program(), "python") && command.has("setup.py"));
}

void check_arch_list(const DockerfileModel& model, LintFindings& out) {
  for (const auto& instruction : model.file.instructions) {
    if (instruction.keyword != "ENV" && instruction.keyword != "ARG") continue;
    for (const auto& [key, value] : parse_env_pairs(instruction.arguments)) {
      if (key == "NCCL_LIBRARY") out.add("L49", instruction.line);
      if (key != "TORCH_CUDA_ARCH_LIST") continue;
      bool before_turing = false;
      for (const auto& arch : split(replace_all(value, ";", " "), ' ')) {
        if (starts_with(arch, "3.") || starts_with(arch, "5.") || starts_with(arch, "6.") ||
            ends_with(arch, "+PTX"))
          out.add("L51", instruction.line);
        if (!arch.empty() && arch[0] < '8' && arch.size() >= 3 && arch[1] == '.' &&
            arch.substr(0, 3) != "7.5")
          before_turing = true;
      }
      if (before_turing && model.cuda_major() >= 13) out.add("L04", instruction.line);
    }
  }
}

/// The CUDA major of "…/whl/cu126"; 0: none.
int index_cuda(const ShellCommand& command) {
  for (const auto& word : command.words) {
    const auto at = word.find("/whl/cu");
    if (at == std::string::npos) continue;
    return static_cast<int>(parse_integer(word.substr(at + 7, 2), 9, 99).value_or(0));
  }
  return 0;
}

void check_wheels(const DockerfileModel& model, LintFindings& out) {
  bool wheel = false;
  for (const auto& package : model.pip) {
    const auto& command = model.commands[package.command];
    if (package.name == "torch") {
      wheel = true;
      const int cuda = index_cuda(command);
      if (cuda != 0 && model.cuda_major() != 0 && cuda != model.cuda_major())
        out.add("L54", package.line);
    }
    if (lower(package.name) == "tensorboardx" && ends_with(model.expand(package.text), "==1.8"))
      out.add("L52", package.line);
  }
  for (const auto& package : model.apt)
    if (wheel && starts_with(package.name, "libnccl")) out.add("L63", package.line);
}

void check_copied_trees(const DockerfileModel& model, LintFindings& out) {
  for (const auto& file : model.copied) {
    if (is_named(file.source, "pytorch")) out.add("L47", file.line);
    if (is_named(file.source, "apex")) out.add("L55", file.line);
  }
}

/// A clone that is moved to no commit, tag or branch in its RUN.
bool is_unpinned_clone(const DockerfileModel& model, const ShellCommand& command) {
  if (command.program() != "git" || !command.has("clone")) return false;
  if (command.has("--branch") || command.has("-b")) return false;
  return std::none_of(model.commands.begin(), model.commands.end(), [&](const ShellCommand& c) {
    return c.instruction == command.instruction && c.program() == "git" &&
           (c.has("checkout") || c.has("reset")) && c.words.back() != ".";
  });
}

void check_deepspeed(const DockerfileModel& model, const ShellCommand& command, LintFindings& out) {
  if (command.program() == "install.sh" && command.has("-r")) out.add("L57", command.line);
  const bool builds = command.has("DS_BUILD_OPS=1");
  if (builds && !has_part(command, "DS_BUILD_SPARSE_ATTN=0") &&
      model.env.find("DS_BUILD_SPARSE_ATTN") == model.env.end())
    out.add("L58", command.line);
  if (builds && !has_part(command, "TORCH_CUDA_ARCH_LIST=") &&
      model.env.find("TORCH_CUDA_ARCH_LIST") == model.env.end() &&
      model.args.find("TORCH_CUDA_ARCH_LIST") == model.args.end())
    out.add("L59", command.line);
  if (starts_with(command.program(), "python") && has_part(command, "import deepspeed"))
    out.add("L60", command.line);
}

}  // namespace

void lint_torch(const DockerfileModel& model, LintFindings& out) {
  check_arch_list(model, out);
  check_wheels(model, out);
  check_copied_trees(model, out);
  std::size_t instruction = 0;
  bool in_torch = false;
  for (const auto& command : model.commands) {
    if (command.instruction != instruction) in_torch = false;
    instruction = command.instruction;
    if (command.program() == "cd")
      in_torch = command.words.size() > 1 && is_named(command.words[1], "pytorch");
    if (in_torch && pip_installs_here(command) && model.env.find("MAX_JOBS") == model.env.end() &&
        !has_part(command, "MAX_JOBS="))
      out.add("L50", command.line);
    if (has_part(command, "--global-option")) out.add("L53", command.line);
    if (is_unpinned_clone(model, command)) {
      if (has_part(command, "NVIDIA/apex")) out.add("L55", command.line);
      if (has_part(command, "DeepSpeed")) out.add("L56", command.line);
    }
    check_deepspeed(model, command, out);
  }
}

}  // namespace dtenv
