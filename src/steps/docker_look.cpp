#include "steps/docker_look.hpp"

namespace dtenv {
namespace {

using Facts = DockerConfig::Facts;

void take_daemon(std::string_view rest, DockerLook& look) {
  const auto words = split_words(rest);
  DockerDaemon daemon;
  if (words.size() > 0)
    daemon.pid = static_cast<int>(parse_integer(words[0], 1, INT32_MAX).value_or(0));
  daemon.holds_socket = words.size() > 1 && words[1] == "yes";
  if (words.size() > 2) daemon.uid = words[2];
  look.daemons.push_back(std::move(daemon));
}

void take_pair(std::string_view rest, std::map<std::string, std::string>& to) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return;
  std::string& value = to[std::string(rest.substr(0, equals))];
  if (!value.empty()) value += "\n";
  value += rest.substr(equals + 1);
}

void take_package(std::string_view rest, Facts& facts) {
  const auto fields = split(rest, '\t');
  if (fields.size() == 3 && starts_with(fields[0], "ii")) facts.packages[fields[1]] = fields[2];
}

/// "PATH\tPACKAGE\tVERSION\tARCHITECTURE\tDEPENDS"; a file that is no package has no fields.
void take_deb(std::string_view rest, const std::string& folder, Facts& facts) {
  const auto fields = split(rest, '\t');
  if (fields.size() != 5) return;
  facts.folders[folder].push_back({fields[0], fields[1], fields[2], fields[3], fields[4]});
}

}  // namespace

DockerLook read_docker_look(std::string_view text, Facts& facts) {
  DockerLook look;
  std::string folder;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
    if (word == "uid") facts.root = rest == "0";
    if (word == "arch") facts.architecture = rest;
    if (word == "systemd") facts.systemd = true;
    if (word == "daemon") take_daemon(rest, look);
    if (word == "exe" && !look.daemons.empty()) look.daemons.back().program = rest;
    if (word == "cwd" && !look.daemons.empty()) look.daemons.back().folder = rest;
    if (word == "arg" && !look.daemons.empty()) look.daemons.back().argv.emplace_back(rest);
    if (word == "env" && !look.daemons.empty()) take_pair(rest, look.daemons.back().env);
    if (word == "unit") take_pair(rest, look.unit);
    if (word == "package") take_package(rest, facts);
    if (word == "shim") facts.shims.emplace_back(rest);
    if (word == "gpu") facts.gpu = true;
    if (word == "toolkit") facts.toolkit = trim(rest);
    if (word == "selinux") facts.selinux_denies_devices = rest == "Enforcing off";
    if (word == "cdi_refresh") facts.cdi_refresh = rest;
    if (word == "folder") facts.folders[folder = rest];
    if (word == "deb") take_deb(rest, folder, facts);
    if (word == "apt") look.apt_files.emplace_back(rest);
    if (word == "program") look.program = true;
    if (word == "end") look.whole = true;
  }
  return look;
}

}  // namespace dtenv
