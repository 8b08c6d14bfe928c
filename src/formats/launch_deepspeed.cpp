// DeepSpeed: its command, which goes through pdsh and two shells, or its launcher of one node.
#include <array>

#include "formats/hostfile.hpp"
#include "formats/launch_engines.hpp"
#include "formats/launch_files.hpp"

namespace dtenv {

namespace {

/// What DeepSpeed's command does to words on their way to the shell of the other machine, looked up
/// in 0.6.5, 0.8.3, 0.10.3, 0.12.6, 0.15.4 and 0.19.8; between those it is not known.
enum class Quoting {
  by_dash,   ///< up to 0.10.3: a word that begins with "-" as it is, any other between '…'
  by_blank,  ///< from 0.12.6: a word with a blank between "…" with \" in it, any other as it is
  unknown,
};

Quoting word_quoting(const std::string& version) {
  if (at_least(version, 0, 12, 6)) return Quoting::by_blank;
  return at_least(version, 0, 10, 4) ? Quoting::unknown : Quoting::by_dash;
}

bool is_plain(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,-./:=@_";
  return !text.empty() && text.find_first_not_of(plain) == std::string_view::npos;
}

/// pdsh puts its own in place of %h, %u and %n, and a % in place of %%.
std::string through_pdsh(std::string_view text) {
  return replace_all(text, "%", "%%");
}

/// One word to a POSIX shell.
std::string in_single_quotes(std::string_view text) {
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

/// What stands between "…" for a POSIX shell, but for the quotes in it.
std::string for_double_quotes(std::string_view text) {
  return replace_all(replace_all(replace_all(text, "\\", "\\\\"), "$", "\\$"), "`", "\\`");
}

/// The word as it must be given to DeepSpeed for the rank to see `word`; nullopt: not known.
std::optional<std::string> word_for(std::string_view word, Quoting quoting) {
  if (is_plain(word)) return std::string(word);
  switch (quoting) {
    case Quoting::by_dash:
      if (starts_with(word, "-")) return through_pdsh("-" + in_single_quotes(word.substr(1)));
      return through_pdsh(replace_all(word, "'", "'\\''"));
    case Quoting::by_blank:
      // Python looks for the blank alone: a tab or a line's end is left to our own quotes.
      if (contains(word, " ")) return through_pdsh(for_double_quotes(word));
      return through_pdsh(in_single_quotes(word));
    case Quoting::unknown:
      break;
  }
  return std::nullopt;
}

/// Python's strip() takes such a byte, or a character it may begin or end, off a value's ends.
bool may_be_stripped(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte >= 0x80;
}

Error refused(const std::string& pointer, std::string problem, std::string why) {
  return Error(Status::config, "launch: " + std::move(problem),
               {{pointer, 0, 0, std::move(why),
                 "use engine torchrun or direct, or deepspeed with \"per_node\": true"}});
}

/// A line of DS_ENV_FILE; DeepSpeed exports it to that shell: raw up to 0.12.6, between "…" from
/// 0.15.4 on (where it has more than plain bytes).
Result<std::string> line_for(const std::string& name, const std::string& value,
                             const std::string& version) {
  const std::string pointer = "/env/" + name;
  if (value.find_first_of("\r\n") != std::string::npos)
    return refused(pointer, "DeepSpeed reads " + name + " from a line of a file",
                   "the value has more than one line");
  if (is_plain(value) || value.empty()) return name + "=" + value + "\n";
  if (at_least(version, 0, 15, 4)) {
    if (may_be_stripped(value.front()) || may_be_stripped(value.back()))
      return refused(pointer, "DeepSpeed strips the ends of " + name,
                     "the value begins or ends with a blank, or with no ASCII");
    const std::string quoted = replace_all(for_double_quotes(value), "\"", "\\\"");
    return name + "=" + through_pdsh(quoted) + "\n";
  }
  if (at_least(version, 0, 12, 7))
    return refused(pointer, "how DeepSpeed " + version + " quotes " + name + " is not known",
                   "the value has bytes that a shell reads");
  return name + "=" + through_pdsh(in_single_quotes(value)) + "\n";
}

Result<void> add_words(const LaunchRequest& request, const PythonCommand& script, Argv& argv) {
  const Quoting quoting = word_quoting(request.engine_version);
  // The script itself goes to the shell as it is, whatever the version.
  argv.push_back(is_plain(script.words.front())
                     ? script.words.front()
                     : through_pdsh(in_single_quotes(script.words.front())));
  const std::size_t dropped = request.command.size() - script.words.size();
  for (std::size_t i = 1; i < script.words.size(); ++i) {
    const auto word = word_for(script.words[i], quoting);
    if (!word)
      return refused("/command/" + std::to_string(dropped + i),
                     "how DeepSpeed " + request.engine_version + " quotes arguments is not known",
                     "\"" + visible(script.words[i], 40) + "\" has bytes that a shell reads");
    argv.push_back(*word);
  }
  return {};
}

/// Without --no_local_rank it would put --local_rank=N behind the program's name: bash dies of it.
Result<void> add_kind(const LaunchRequest& request, const PythonCommand& script, Argv& argv) {
  if (script.is_module) argv.emplace_back("--module");
  if (script.is_python) return {};
  if (!at_least(request.engine_version, 0, 6, 5))
    return Error(Status::config,
                 "launch: DeepSpeed " + request.engine_version +
                     " gives every program --local_rank, which is for Python scripts alone",
                 {{"/command", 0, 0, "no Python script", "DeepSpeed 0.6.5 and later, or direct"}});
  argv.insert(argv.end(), {"--no_python", "--no_local_rank"});
  return {};
}

/// {"V100-1": [0, 1], …} for --world_info.
std::string world_info(const LaunchRequest& request) {
  std::string text;
  for (const LaunchHost& host : request.hosts) {
    text += (text.empty() ? "{\"" : ", \"") + host.name + "\": [";
    for (int slot = 0; slot < host.slots; ++slot)
      text += (slot > 0 ? ", " : "") + std::to_string(slot);
    text += "]";
  }
  return base64_url(text + "}");
}

Result<LaunchCommand> each_node(const LaunchRequest& request, const PythonCommand& script) {
  LaunchCommand command;
  const std::string info = world_info(request);
  int rank = 0;
  for (const LaunchHost& host : request.hosts) {
    NodeCommand node;
    node.name = host.name;
    node.env = node_env(request, host, request.env);
    node.argv = {request.python,
                 "-u",
                 "-m",
                 "deepspeed.launcher.launch",
                 "--world_info=" + info,
                 "--node_rank=" + std::to_string(rank++),
                 "--master_addr=" + master_address(request),
                 "--master_port=" + std::to_string(request.master_port)};
    DT_TRY(add_kind(request, script, node.argv));
    node.argv.insert(node.argv.end(), script.words.begin(), script.words.end());
    command.nodes.push_back(std::move(node));
  }
  return command;
}

}  // namespace

Result<LaunchCommand> deepspeed_command(const LaunchRequest& request) {
  const std::string& version = request.engine_version;
  const PythonCommand script = python_command(request.command);
  if (request.per_node) return each_node(request, script);
  const bool forces_multi = at_least(version, 0, 3, 16);
  if (!forces_multi && request.hosts.size() == 1)
    return Error(Status::config,
                 "launch: DeepSpeed " + version +
                     " has no --force_multi: a single host would be the wrong machine",
                 {{"", 0, 0, "one host", "use engine direct, or DeepSpeed 0.3.16 and later"}});
  if (!request.env.empty() && !at_least(version, 0, 10, 0))
    return refused("/env", "DeepSpeed " + version + " reads variables from ~/.deepspeed_env alone",
                   "DS_ENV_FILE came with 0.10");
  LaunchCommand command;
  if (!request.ssh_config.empty())
    command.env.emplace_back("PDSH_SSH_ARGS", "-F " + request.ssh_config + " -2 -a -x -l%u %h");
  command.env.emplace_back("PDSH_RCMD_TYPE", "ssh");
  std::string exported;
  for (const auto& [name, value] : request.env) {
    DT_TRY_ASSIGN(const std::string line, line_for(name, value, version));
    exported += line;
  }
  Argv& argv = command.argv;
  argv = {"deepspeed", "--hostfile", request.hostfile};
  if (forces_multi) argv.emplace_back("--force_multi");
  if (at_least(version, 0, 6, 5)) argv.emplace_back("--no_ssh_check");
  argv.insert(argv.end(), {"--master_addr", master_address(request), "--master_port",
                           std::to_string(request.master_port), "--launcher", "pdsh"});
  DT_TRY(add_kind(request, script, argv));
  DT_TRY(add_words(request, script, argv));
  DT_TRY_ASSIGN(command.files, launch_files(request, HostfileDialect::deepspeed));
  if (!exported.empty()) {
    const std::string path = request.hostfile + ".env";
    command.env.emplace_back("DS_ENV_FILE", path);
    command.files.push_back({"", path, exported});
  }
  return command;
}

}  // namespace dtenv
