#include <algorithm>
#include <array>

#include "formats/dockerfile_rules.hpp"

namespace dtenv {
namespace {

bool holds_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return contains(text, part); });
}

bool is_old_release(std::string_view image) {
  return holds_any(image,
                   {"ubuntu14.04", "ubuntu16.04", "ubuntu18.04", "ubuntu20.04", "ubuntu:14.04",
                    "ubuntu:16.04", "ubuntu:18.04", "ubuntu:20.04", "bionic", "xenial", "debian:9",
                    "debian:10", "stretch", "buster", "centos7", "centos:7"});
}

/// Images made before NVIDIA changed its repository's key on 2022-04-27.
bool has_revoked_key(const std::string& version) {
  const auto parts = split(version, '.');
  const auto major = parse_integer(parts[0], 0, 99).value_or(99);
  const auto minor = parts.size() > 1 ? parse_integer(parts[1], 0, 99).value_or(0) : 0;
  return major < 11 || (major == 11 && minor < 7 && parts.size() < 3);
}

void check_mirror(const DockerfileModel& model, std::size_t index, LintFindings& out) {
  const auto& command = model.commands[index];
  if (command.program() != "sed" || !command.has("/etc/apt/sources.list")) return;
  out.add("L05", command.line);
  const bool has_certificates =
      std::any_of(model.apt.begin(), model.apt.end(), [&](const WantedPackage& package) {
        return package.name == "ca-certificates" && package.command < index;
      });
  const bool https = std::any_of(command.words.begin(), command.words.end(),
                                 [](const auto& word) { return contains(word, "https:"); });
  if (!has_certificates && !https) out.add("L06", command.line);
}

void check_ppa(const DockerfileModel& model, const ShellCommand& command, LintFindings& out) {
  if (command.program() != "add-apt-repository") return;
  out.add("L14", command.line);
  for (const auto& word : command.words)
    if (starts_with(word, "ppa:git-core"))
      for (const auto& [image, line] : model.bases)
        if (holds_any(image, {"18.04", "bionic", "16.04", "xenial"})) out.add("L13", command.line);
}

}  // namespace

void lint_base_image(const DockerfileModel& model, LintFindings& out) {
  for (const auto& [image, line] : model.bases) {
    if (is_old_release(image)) out.add("L03", line);
    if (!contains(image, "nvidia/cuda:")) continue;
    const auto version = model.cuda_version();
    if (split(version, '.').size() < 3) out.add("L01", line);
    if (has_revoked_key(version)) out.add("L12", line);
  }
  for (const auto& instruction : model.file.instructions) {
    if (instruction.keyword == "MAINTAINER") out.add("L02", instruction.line);
    if (instruction.keyword != "ENV") continue;
    bool legacy = false;
    for (const auto& [key, value] : parse_env_pairs(instruction.arguments, &legacy))
      if (key == "LD_LIBRARY_PATH" &&
          (ends_with(value, ":${LD_LIBRARY_PATH}") || ends_with(value, ":$LD_LIBRARY_PATH")))
        out.add("L28", instruction.line);
    if (legacy) out.add("L35", instruction.line);
  }
  for (std::size_t i = 0; i < model.commands.size(); ++i) {
    check_mirror(model, i, out);
    check_ppa(model, model.commands[i], out);
    if (model.commands[i].has("sudo")) {
      const bool installs = model.commands[i].program() == "apt-get";
      if (!installs || model.commands[i].words.front() == "sudo")
        out.add("L61", model.commands[i].line);
    }
  }
  for (const int line : model.file.glued_continuations) out.add("L43", line);
}

}  // namespace dtenv
