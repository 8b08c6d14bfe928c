// The reading half of KeyExchange: what is there, and whether it can log in everywhere.
#include <algorithm>

#include "formats/openssh_version.hpp"
#include "formats/sshd_config.hpp"
#include "steps/key_exchange.hpp"
#include "steps/key_files.hpp"
#include "steps/key_logins.hpp"
#include "steps/key_look_perl.hpp"
#include "steps/key_place.hpp"
#include "steps/key_programs.hpp"
#include "steps/key_shadow_program.hpp"

namespace dtenv {

namespace {

using Facts = KeyExchange::Facts;
using Lines = std::vector<std::string>;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// "MODE SIZE", and what is special about a large one; nullopt: no such line.
std::optional<std::size_t> parse_file(std::string_view line, KeyExchange::File& file) {
  const auto words = split_words(line);
  if (words.size() < 2 || words.size() > 3) return std::nullopt;
  const auto size = parse_integer(words[1], 0, std::int64_t{64} << 20);
  if (!size) return std::nullopt;
  file.mode = words[0];
  file.hollow = words.size() == 3 && words[2] == "hollow";
  if (words.size() == 3 && !file.hollow) file.sha256 = words[2];
  return static_cast<std::size_t>(*size);
}

/// The files' bytes, one behind the other as their sizes say.
Result<void> parse_files(std::string_view roles, std::string_view text, Facts& facts) {
  std::vector<std::pair<KeyExchange::File*, std::size_t>> sizes;
  for (const std::string_view role : split_words(roles)) {
    KeyExchange::File& file = facts.files[std::string(role)];
    const auto size = parse_file(take_line(text), file);
    if (!size) return Error(Status::io, facts.place + ": the sizes of its key files are missing");
    sizes.emplace_back(&file, *size);
  }
  for (const auto& [file, size] : sizes) {
    file->text = text.substr(0, size);
    text.remove_prefix(std::min(size, text.size()));
    if (file->text.size() != size || (file == sizes.back().first && !text.empty()))
      return Error(Status::io, facts.place + ": a key file changed while it was read");
  }
  return {};
}

/// look_program's lines.
Result<void> parse_look(std::string_view text, Facts& facts, Lines& limits) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const auto words = split_words(line);
    if (words.empty()) continue;
    const std::string_view key = words[0];
    const std::string_view value = trim(line.substr(key.size()));
    if (key == "files") return parse_files(value, text, facts);
    if (key == "user") facts.user = value;
    if (key == "owner") facts.owner = value;
    if (key == "home") facts.home = value;
    if (key == "missing" && facts.missing.empty()) facts.missing = value;
    if (key == "folder_mode") facts.folder_mode = value;
    if (key == "key_mode") facts.key_mode = words.size() > 1 ? words[1] : "";
    if (key == "sshd") facts.sshd_running = true;
    if (key == "locked") facts.locked = true;
    if (key == "limit") limits.emplace_back(value);
    if (key == "openssh") facts.openssh = openssh_version(value);
    if (key == "now") facts.now = parse_integer(value, 0, INT64_MAX).value_or(0);
    if (key == "port") facts.port = static_cast<int>(parse_integer(value, 1, 65535).value_or(0));
    if (key == "addresses") facts.addresses.assign(words.begin() + 1, words.end());
  }
  return {};
}

/// In what a login differs from `docker exec`: by name; the two paths by value too, since they are
/// what mpirun's daemons live by.
void compare_sessions(std::string_view text, const Lines& limits, Facts& facts) {
  std::map<std::string, std::string> seen;
  Lines seen_limits;
  for (const std::string_view line : split_lines(text)) {
    if (starts_with(line, "limit ")) seen_limits.emplace_back(trim(line.substr(6)));
    if (!starts_with(line, "env ")) continue;
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      seen[std::string(line.substr(4, equals - 4))] = line.substr(equals + 1);
  }
  if (seen.empty()) return;  // no login: the matrix says why
  for (const auto& [name, value] : facts.env) {
    if (!is_given_to_logins(name, value)) continue;
    const auto found = seen.find(name);
    if (found != seen.end() && found->second == value) continue;
    const bool shown = name == "PATH" || name == "LD_LIBRARY_PATH";
    facts.parity.push_back(found == seen.end() ? "a login lacks " + name
                           : shown ? "a login sees " + name + " " + visible(found->second, 300) +
                                         ", the container " + visible(value, 300)
                                   : "a login sees another " + name);
  }
  for (const std::string& limit : limits)
    if (std::find(seen_limits.begin(), seen_limits.end(), limit) == seen_limits.end())
      facts.parity.push_back("a login has another limit than the container's " + limit);
}

std::string seconds_of(const KeyExchange::Config& config) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(config.login_timeout).count());
}

/// login_program's words: to itself, and whom the document asks for; each begins elsewhere, so that
/// they do not all knock at the first one at once.
std::vector<std::string> login_words(const KeyExchange::Config& config, const Target& target) {
  const std::vector<Node>& nodes = target.nodes;
  const auto self = static_cast<std::size_t>(
      std::find_if(nodes.begin(), nodes.end(),
                   [&](const Node& node) { return node.name == target.node.name; }) -
      nodes.begin());
  // A machine's own sshd has MaxStartups 10 where nobody raised it.
  std::vector<std::string> words = {seconds_of(config), config.machine ? "8" : "16"};
  const std::size_t count = config.logins == KeyExchange::Logins::ring
                                ? std::min<std::size_t>(2, nodes.size())
                                : nodes.size();
  for (std::size_t i = 0; i < count; ++i) words.push_back(nodes[(self + i) % nodes.size()].name);
  return words;
}

/// A user's own ssh: as that user, whoever acts.
void as_user(Command& command, const Facts& facts) {
  if (starts_with(facts.owner, "0:")) return;
  const Argv words = {"sh", "-c", std::string(as_user_program), facts.user};
  command.argv.insert(command.argv.begin(), words.begin(), words.end());
}

Command look_command(const KeyExchange::Config& config, const std::string& user) {
  const bool certificates = config.trust == KeyExchange::Trust::ca;
  Command look = key_command(look_program, {user, config.machine ? "machine" : "container",
                                            certificates ? "ca" : "keys", std::string(large_file)});
  if (config.machine) look.perl = look_perl;
  return look;
}

Command session_command(const KeyExchange::Config& config, const std::string& self,
                        const Facts& facts) {
  Command session = key_command(session_program, {seconds_of(config), self}, false);
  as_user(session, facts);
  return session;
}

/// To the nodes that a login does not reach; so many that a person reads it.
std::vector<std::string> shadow_words(const Facts& facts) {
  constexpr std::size_t most = 16;
  std::vector<std::string> words = {facts.home};
  for (const auto& [name, said] : facts.logins)
    if (said != "ok" && words.size() <= most) words.push_back(name);
  return words;
}

/// Only where everything is in place: before that, a login fails for reasons the plan names better.
bool worth_a_login(const KeyExchange::Config& config, const Facts& facts) {
  for (const char* role : {"user_key", "host_key", "authorized_keys", "known_hosts", "ssh_config"})
    if (facts.files.count(role) == 0) return false;
  return (config.machine || facts.sshd_running) && config.logins != KeyExchange::Logins::none;
}

}  // namespace

Task<Result<Facts>> KeyExchange::observe(const Config& config, Target& target) {
  Facts facts;
  DT_CO_TRY_ASSIGN(KeyPlace place, co_await KeyPlace::find(config, target));
  facts.place = place.name();
  facts.running = place.running();
  facts.cluster = target.cluster;
  facts.env = place.env();
  facts.user = key_user(config, target.node);
  facts.port = config.machine ? target.node.ssh.port.value_or(22) : target.node.container_ssh_port;
  if (!facts.running) co_return facts;
  const Command look = look_command(config, facts.user);
  DT_CO_TRY_ASSIGN(const Outcome seen, co_await run_ok(place.host(), look));
  Lines limits;
  DT_CO_TRY(parse_look(seen.out, facts, limits));
  if (!worth_a_login(config, facts)) co_return facts;

  const std::vector<std::string> words = login_words(config, target);
  Command login = key_command(login_program, words, false);
  as_user(login, facts);
  const auto rounds = static_cast<int>(words.size() / 8 + 1);
  login.timeout = std::chrono::seconds(30) + rounds * (config.login_timeout * 2);
  DT_CO_TRY_ASSIGN(const Outcome logins, co_await run_ok(place.host(), login));
  parse_logins(logins.out, facts);
  std::vector<std::string> unreached = shadow_words(facts);
  if (unreached.size() > 1) {
    Command shadow = key_command(shadow_program, std::move(unreached), false);
    as_user(shadow, facts);
    DT_CO_TRY_ASSIGN(const Outcome shadows, co_await run_ok(place.host(), shadow));
    add_shadows(shadows.out, facts);
  }
  if (config.machine || facts.logins[target.node.name] != "ok") co_return facts;

  const Command session = session_command(config, target.node.name, facts);
  DT_CO_TRY_ASSIGN(const Outcome sees, co_await run_ok(place.host(), session));
  compare_sessions(sees.out, limits, facts);
  co_return facts;
}

}  // namespace dtenv
