// The reading half of KeyExchange: what is in the container, and whether it can log in everywhere.
#include <charconv>

#include "formats/login_cause.hpp"
#include "steps/key_exchange.hpp"
#include "steps/key_programs.hpp"
#include "steps/training_container.hpp"

namespace dtenv {

namespace {

using Facts = KeyExchange::Facts;

Command sh(std::string_view program, const std::vector<std::string>& arguments) {
  Command command;
  command.argv = {"sh", "-c", std::string(program), "dtenv"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

/// look_program's lines; a file's bytes follow its line, counted.
void parse_look(std::string_view text, Facts& facts) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto words = split_words(line);
    if (words.size() < 2) continue;
    if (words[0] == "home") facts.home = words[1];
    if (words[0] == "missing" && facts.missing.empty()) facts.missing = words[1];
    if (words[0] == "keymode") facts.key_mode = words[1];
    if (words[0] == "sshd") facts.sshd_running = true;
    if (words[0] == "addresses") facts.addresses.assign(words.begin() + 1, words.end());
    if (words[0] != "file" || words.size() != 4) continue;
    const auto size = parse_integer(words[3], 0, std::int64_t{64} << 20);
    if (!size || static_cast<std::size_t>(*size) > text.size()) return;
    KeyExchange::File file;
    file.mode = words[2];
    file.text = text.substr(0, static_cast<std::size_t>(*size));
    facts.files[std::string(words[1])] = std::move(file);
    text.remove_prefix(std::min(static_cast<std::size_t>(*size) + 1, text.size()));
  }
}

/// What ssh says at the end is why it gave up.
std::string_view last_line(std::string_view text) {
  const auto lines = split_lines(trim(text));
  return lines.empty() ? std::string_view() : trim(lines.back());
}

void parse_logins(std::string_view text, Facts& facts) {
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() >= 2 && words[0] == "path") facts.login_path = words[1];
    if (words.size() < 3 || words[0] != "login") continue;
    const auto code = parse_integer(words[2], 0, 255);
    if (!code) continue;
    const std::size_t said =
        line.find(words[2], static_cast<std::size_t>(words[1].end() - line.begin())) +
        words[2].size();
    const std::string words_of_ssh =
        replace_all(trim(line.substr(std::min(said, line.size()))), "\x1e", "\n");
    const LoginCause cause = classify_login(static_cast<int>(*code), words_of_ssh);
    std::string verdict(login_cause_name(cause));
    if (cause != LoginCause::none)
      verdict += ": " + std::string(login_cause_help(cause)) + " (" +
                 visible(last_line(words_of_ssh), 300) + ")";
    facts.logins[std::string(words[1])] = std::move(verdict);
  }
}

/// Only where everything is in place: before that, a login fails for reasons the plan names better.
bool worth_a_login(const Facts& facts) {
  for (const char* role : {"user_key", "host_key", "authorized_keys", "known_hosts", "ssh_config"})
    if (facts.files.count(role) == 0) return false;
  return facts.sshd_running;
}

}  // namespace

Task<Result<Facts>> KeyExchange::observe(const Config& config, Target& target) {
  Facts facts;
  DT_CO_TRY_ASSIGN(TrainingContainer found,
                   co_await find_training_container(target, config.container));
  facts.container = found.name;
  facts.running = found.running;
  facts.env = found.env;
  if (!found.running) co_return facts;
  ContainerHost inside(*found.docker, found.name, target.node.name + "/" + found.name);
  const std::string& user = target.node.container_user;
  const std::vector<std::string> who = {user};
  const Command look = sh(look_program, who);
  DT_CO_TRY_ASSIGN(const Outcome seen, co_await run_ok(inside, look));
  parse_look(seen.out, facts);
  if (!worth_a_login(facts)) co_return facts;

  std::vector<std::string> names = {"5", target.node.name};
  for (const Node& node : target.nodes) names.push_back(node.name);
  Command login = sh(login_program, names);
  if (user != "root") {
    const Argv as_user = {"runuser", "-u", user, "--"};
    login.argv.insert(login.argv.begin(), as_user.begin(), as_user.end());
  }
  login.timeout = std::chrono::seconds(30 + 2 * static_cast<int>(target.nodes.size()));
  DT_CO_TRY_ASSIGN(const Outcome logins, co_await run_ok(inside, login));
  parse_logins(logins.out, facts);
  co_return facts;
}

}  // namespace dtenv
