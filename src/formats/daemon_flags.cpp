#include "formats/daemon_flags.hpp"

#include <algorithm>
#include <array>

#include "formats/daemon_json_keys.hpp"
#include "formats/shell_words.hpp"

namespace dtenv {

namespace {

struct ShortFlag {
  char letter;
  std::string_view key;
};

constexpr std::array<ShortFlag, 8> short_flags = {{{'H', "hosts"},
                                                   {'D', "debug"},
                                                   {'l', "log-level"},
                                                   {'s', "storage-driver"},
                                                   {'G', "group"},
                                                   {'p', "pidfile"},
                                                   {'b', "bridge"},
                                                   {'g', "data-root"}}};

std::string key_of_flag(std::string_view flag) {
  for (const DaemonKey& key : daemon_keys())
    if (key.name == flag || key.flag == flag) return std::string(key.name);
  return std::string(flag);
}

bool is_boolean(const std::string& key) {
  const DaemonKey* known = find_daemon_key(key);
  return known && known->type == DaemonKeyType::boolean;
}

/// One flag of the line: the key, and its value where the same word holds one.
struct Flag {
  std::string key;
  std::optional<std::string> value;
};

std::optional<Flag> read_flag(const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return std::nullopt;
  if (word[1] == '-') {
    const std::size_t equals = word.find('=');
    Flag flag{key_of_flag(std::string_view(word).substr(2, equals - 2)), std::nullopt};
    if (equals != std::string::npos) flag.value = word.substr(equals + 1);
    return flag;
  }
  const auto known = std::find_if(short_flags.begin(), short_flags.end(),
                                  [&](const ShortFlag& flag) { return flag.letter == word[1]; });
  if (known == short_flags.end()) return Flag{word.substr(1, 1), std::nullopt};
  Flag flag{std::string(known->key), std::nullopt};
  if (word.size() > 2) flag.value = word.substr(word[2] == '=' ? 3 : 2);
  return flag;
}

std::string unquote(std::string_view value) {
  if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
    value = value.substr(1, value.size() - 2);
  return std::string(value);
}

}  // namespace

std::map<std::string, std::vector<std::string>> parse_daemon_flags(const Argv& words) {
  std::map<std::string, std::vector<std::string>> flags;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto flag = read_flag(words[i]);
    if (!flag) continue;
    if (!flag->value && is_boolean(flag->key)) flag->value = "true";
    if (!flag->value && i + 1 < words.size() && !starts_with(words[i + 1], "-"))
      flag->value = words[++i];
    flags[flag->key].push_back(flag->value.value_or(""));
  }
  return flags;
}

std::optional<std::string> config_file_flag(const Argv& words) {
  const auto flags = parse_daemon_flags(words);
  const auto found = flags.find("config-file");
  if (found == flags.end() || found->second.back().empty()) return std::nullopt;
  return found->second.back();
}

Argv expand_exec_start(std::string_view line,
                       const std::map<std::string, std::string>& environment) {
  Argv argv;
  for (const std::string_view raw : split_words(line)) {
    const std::string word = unquote(raw);
    if (word.size() < 2 || word[0] != '$') {
      argv.push_back(word);
      continue;
    }
    const bool braced = word[1] == '{' && word.back() == '}';
    const auto found = environment.find(braced ? word.substr(2, word.size() - 3) : word.substr(1));
    if (found == environment.end()) continue;
    if (braced)
      argv.push_back(found->second);
    else
      for (const std::string_view part : split_words(found->second)) argv.push_back(unquote(part));
  }
  return argv;
}

std::map<std::string, std::string> parse_unit_environment(std::string_view text) {
  std::map<std::string, std::string> environment;
  const auto words = split_shell_words(text);
  if (!words) return environment;
  for (const ShellWord& word : *words) {
    const std::size_t equals = word.text.find('=');
    if (equals == std::string::npos) continue;
    environment[word.text.substr(0, equals)] = word.text.substr(equals + 1);
  }
  return environment;
}

std::map<std::string, std::string> parse_environment_file(std::string_view text) {
  std::map<std::string, std::string> environment;
  for (const std::string_view raw : split_lines(text)) {
    const std::string_view line = trim(raw);
    const std::size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || line[0] == ';' || equals == std::string_view::npos)
      continue;
    environment[std::string(trim(line.substr(0, equals)))] = unquote(trim(line.substr(equals + 1)));
  }
  return environment;
}

}  // namespace dtenv
