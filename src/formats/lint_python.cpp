#include <algorithm>
#include <set>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {
namespace {

bool has_part(const ShellCommand& command, std::string_view part) {
  return std::any_of(command.words.begin(), command.words.end(),
                     [&](const std::string& word) { return contains(word, part); });
}

bool is_conda(const ShellCommand& command) {
  const auto program = command.program();
  return program == "conda" || program == "mamba";
}

/// Python up to 3.9 has reached its end of life.
bool is_old_python(std::string_view version) {
  const auto parts = split(version, '.');
  if (parts.size() < 2) return false;
  return parts[0] == "2" || (parts[0] == "3" && parse_integer(parts[1], 0, 9).has_value());
}

void check_conda(const DockerfileModel& model, const ShellCommand& command, LintFindings& out) {
  if (!is_conda(command) || !command.has("install")) return;
  const bool forge = has_part(command, "conda-forge") || command.has("--override-channels") ||
                     model.any_run_has("Miniforge");
  if (!forge) out.add("L33", command.line);
  if (command.has("--use-local") || command.has("pytorch")) out.add("L34", command.line);
}

void check_python_version(const DockerfileModel& model, LintFindings& out) {
  for (const auto& package : model.conda) {
    const auto text = model.expand(package.text);
    if (package.name == "python" && text.size() > 7 && is_old_python(text.substr(7)))
      out.add("L31", package.line);
    if (package.name == "typing") out.add("L32", package.line);
  }
  for (const auto& instruction : model.file.instructions) {
    if (instruction.keyword != "ARG" && instruction.keyword != "ENV") continue;
    for (const auto& [key, value] : parse_env_pairs(instruction.arguments))
      if (key == "PYTHON_VERSION" && is_old_python(value)) out.add("L31", instruction.line);
  }
}

void check_numpy(const std::vector<WantedPackage>& packages, LintFindings& out) {
  for (const auto& package : packages)
    if (package.name == "numpy" && !contains(package.text, "=") && !contains(package.text, "<"))
      out.add("L44", package.line);
}

}  // namespace

void lint_python(const DockerfileModel& model, LintFindings& out) {
  for (const auto& command : model.commands) {
    check_conda(model, command, out);
    const bool installer = has_part(command, "Miniconda") || has_part(command, "Anaconda3");
    if (installer && model.env.find("CONDA_PLUGINS_AUTO_ACCEPT_TOS") == model.env.end())
      out.add("L30", command.line);
    if (has_part(command, ".bashrc") && (command.has(">>") || command.has(">")))
      out.add("L36", command.line);
  }
  check_python_version(model, out);
  check_numpy(model.pip, out);
  check_numpy(model.conda, out);
}

void lint_pip_names(const DockerfileModel& model, LintFindings& out) {
  std::set<std::pair<std::size_t, std::string>> seen;
  for (const auto& package : model.pip) {
    const auto& name = package.name;
    const auto& command = model.commands[package.command];
    const bool tool = name == "pip" || name == "setuptools" || name == "wheel";
    if (tool && !package.pinned() && (command.has("--upgrade") || command.has("-U")))
      out.add("L38", package.line);
    if (name == "sklearn") out.add("L39", package.line);
    if (name == "typing") out.add("L32", package.line);
    if (name == "nvidia-ml-py3") out.add("L42", package.line);
    if (starts_with(name, "cupy-cuda") && name.size() >= 12 && name.back() != 'x')
      out.add("L41", package.line);
    if (!seen.emplace(package.command, name).second) out.add("L40", package.line);
  }
}

}  // namespace dtenv
