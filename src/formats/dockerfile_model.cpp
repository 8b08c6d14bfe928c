#include "formats/dockerfile_model.hpp"

#include <algorithm>
#include <set>

namespace dtenv {
namespace {

using Words = std::vector<std::string>;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The words behind `verb`, without options and the values of those in `valued`.
Words operands(const ShellCommand& command, std::string_view verb,
               const std::set<std::string, std::less<>>& valued) {
  Words out;
  bool behind = false;
  const auto words = command.arguments();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word.find_first_of("<>") == 0) break;
    if (!behind) {
      behind = word == verb;
    } else if (starts_with(word, "-")) {
      if (valued.find(word) != valued.end()) ++i;
    } else if (!word.empty()) {
      out.push_back(word);
    }
  }
  return out;
}

std::string cut(std::string_view text, std::string_view stops) {
  return std::string(text.substr(0, text.find_first_of(stops)));
}

bool is_pip(const ShellCommand& command) {
  const auto program = command.program();
  if (starts_with(program, "pip")) return true;
  const auto words = command.arguments();
  return starts_with(program, "python") && words.size() > 1 && words[0] == "-m" &&
         words[1] == "pip";
}

/// Gives the line of each word of a command in turn: continuation lines make it another than the
/// command's own.
class WordLines {
 public:
  WordLines(const DockerInstruction& instruction, int command_line)
      : instruction_(instruction), line_(command_line) {
    for (const auto& [offset, line] : instruction.marks)
      if (line <= command_line) at_ = offset;
  }

  int next(std::string_view word) {
    const auto found = instruction_.arguments.find(word, at_);
    if (found == std::string::npos) return line_;
    at_ = found + word.size();
    return instruction_.line_at(found);
  }

 private:
  const DockerInstruction& instruction_;
  int line_;
  std::size_t at_ = 0;
};

void collect_packages(DockerfileModel& model, std::size_t index) {
  const ShellCommand& command = model.commands[index];
  const auto program = command.program();
  WordLines lines(model.file.instructions[command.instruction], command.line);
  const auto add = [&](std::vector<WantedPackage>& list, const Words& words,
                       std::string_view stops) {
    for (const auto& word : words)
      list.push_back({cut(word, stops), word, lines.next(word), index});
  };
  if (program == "apt-get" || program == "apt" || program == "aptitude")
    add(model.apt, operands(command, "install", {"-o", "-t", "--target-release", "-c"}), "=:/");
  if (is_pip(command))
    add(model.pip,
        operands(command, "install",
                 {"-r", "-i", "-c", "-f", "-t", "--requirement", "--index-url", "--target",
                  "--extra-index-url", "--find-links", "--constraint", "--trusted-host",
                  "--no-binary", "--only-binary", "--global-option"}),
        "=<>!~[@ ;");
  if (program == "conda" || program == "mamba" || program == "micromamba")
    add(model.conda,
        operands(command, "install", {"-c", "-n", "-p", "--channel", "--name", "--prefix"}),
        "=<> ");
}

void collect_instruction(DockerfileModel& model, std::size_t index, Words& stages) {
  const auto& instruction = model.file.instructions[index];
  if (instruction.keyword == "ENV") {
    for (auto& [key, value] : parse_env_pairs(instruction.arguments))
      model.env[key] = model.expand(value);
  } else if (instruction.keyword == "ARG") {
    const auto equals = instruction.arguments.find('=');
    if (equals != std::string::npos)
      model.args[instruction.arguments.substr(0, equals)] =
          model.expand(instruction.arguments.substr(equals + 1));
  } else if (instruction.keyword == "FROM") {
    const auto words = split_words(instruction.arguments);
    const auto image = model.expand(words[0]);
    if (std::find(stages.begin(), stages.end(), lower(image)) == stages.end())
      model.bases.emplace_back(image, instruction.line);
    if (words.size() > 2 && lower(words[1]) == "as") stages.push_back(lower(words[2]));
  } else if (instruction.keyword == "COPY" || instruction.keyword == "ADD") {
    Words words;
    if (instruction.exec_form)
      words = *instruction.exec_form;
    else
      for (const auto word : split_words(instruction.arguments)) words.emplace_back(word);
    const bool from_stage =
        std::any_of(instruction.flags.begin(), instruction.flags.end(),
                    [](const std::string& flag) { return starts_with(flag, "--from="); });
    for (std::size_t i = 0; !from_stage && i + 1 < words.size(); ++i)
      model.copied.push_back(
          {model.expand(words[i]), model.expand(words.back()), instruction.line, index});
  }
}

}  // namespace

bool WantedPackage::pinned() const {
  return contains(text, "==") || contains(text, "@") || starts_with(text, ".") ||
         starts_with(text, "/") || ends_with(text, ".whl") || ends_with(text, ".tar.gz");
}

std::string DockerfileModel::expand(std::string_view text) const {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const bool braces = text[i + 1] == '{';
    auto begin = i + (braces ? 2 : 1);
    auto end = begin;
    while (end < text.size() && is_name_char(text[end])) ++end;
    const auto name = text.substr(begin, end - begin);
    const auto close = braces ? text.find('}', end) : end;
    if (name.empty() || close == std::string_view::npos) {
      out += text[i];
      continue;
    }
    const auto rest = braces ? text.substr(end, close - end) : std::string_view{};
    const auto in_env = env.find(name);
    const auto in_args = args.find(name);
    if (in_env != env.end())
      out += in_env->second;
    else if (in_args != args.end())
      out += in_args->second;
    else if (starts_with(rest, ":-"))
      out += rest.substr(2);
    else
      out += text.substr(i, close + (braces ? 1 : 0) - i);
    i = close - (braces ? 0 : 1);
  }
  return out;
}

bool DockerfileModel::instruction_has(std::size_t index, std::string_view text) const {
  const auto& instruction = file.instructions[index];
  if (contains(instruction.arguments, text)) return true;
  return std::any_of(instruction.heredocs.begin(), instruction.heredocs.end(),
                     [&](const DockerfileHeredoc& h) { return contains(h.content, text); });
}

bool DockerfileModel::any_run_has(std::string_view text) const {
  for (std::size_t i = 0; i < file.instructions.size(); ++i)
    if (file.instructions[i].keyword == "RUN" && instruction_has(i, text)) return true;
  return false;
}

bool DockerfileModel::wants_apt(std::string_view name) const {
  return std::any_of(apt.begin(), apt.end(),
                     [&](const WantedPackage& package) { return package.name == name; });
}

std::string DockerfileModel::cuda_version() const {
  for (const auto& [image, line] : bases) {
    const auto at = image.find("nvidia/cuda:");
    if (at == std::string::npos) continue;
    return cut(std::string_view(image).substr(at + 12), "-@");
  }
  return {};
}

int DockerfileModel::cuda_major() const {
  const auto version = cuda_version();
  return static_cast<int>(parse_integer(cut(version, "."), 1, 99).value_or(0));
}

DockerfileModel make_dockerfile_model(Dockerfile file) {
  DockerfileModel model;
  model.file = std::move(file);
  Words stages;
  for (std::size_t i = 0; i < model.file.instructions.size(); ++i)
    collect_instruction(model, i, stages);
  model.commands = shell_commands(model.file);
  for (std::size_t i = 0; i < model.commands.size(); ++i) collect_packages(model, i);
  return model;
}

}  // namespace dtenv
