#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/dockerfile_shell.hpp"
#include "formats/dockerfile_text.hpp"

namespace dtenv {

/// One package asked of a package manager.
struct WantedPackage {
  std::string name;  ///< without version, architecture and extras, lower case for pip
  std::string text;  ///< as written
  int line = 0;
  std::size_t command = 0;  ///< index in DockerfileModel::commands

  bool pinned() const;
};

/// An image or a folder that COPY or ADD brings.
struct CopiedFile {
  std::string source;
  std::string destination;
  int line = 0;
  std::size_t instruction = 0;
};

/// A Dockerfile as the lint rules ask about it.
struct DockerfileModel {
  Dockerfile file;
  std::vector<ShellCommand> commands;
  std::vector<WantedPackage> apt;
  std::vector<WantedPackage> pip;
  std::vector<WantedPackage> conda;
  std::vector<CopiedFile> copied;
  std::vector<std::pair<std::string, int>> bases;  ///< what FROM names, expanded; stages left out
  std::map<std::string, std::string, std::less<>> env;   ///< ENV, expanded
  std::map<std::string, std::string, std::less<>> args;  ///< ARG with a default

  /// `$V`, `${V}`, `${V:-x}` of ENV and ARG; what is not known stays as written.
  std::string expand(std::string_view text) const;
  /// Does any part of that instruction hold `text`?
  bool instruction_has(std::size_t index, std::string_view text) const;
  bool any_run_has(std::string_view text) const;
  bool wants_apt(std::string_view name) const;
  /// "12.6.3" of nvidia/cuda:12.6.3-…; empty: the base is another.
  std::string cuda_version() const;
  int cuda_major() const;  ///< 0: the base is another
};

DockerfileModel make_dockerfile_model(Dockerfile file);

}  // namespace dtenv
