#include "steps/key_logins.hpp"

#include <optional>

#include "base/text.hpp"
#include "formats/login_cause.hpp"
#include "formats/public_key.hpp"
#include "steps/key_files.hpp"

namespace dtenv {

namespace {

using Facts = KeyExchange::Facts;

std::string lines_of(std::string_view text) {
  return replace_all(text, "\x1e", "\n");
}

/// Of the key that the machine showed, in ssh's warning of a changed one.
std::string shown_fingerprint(std::string_view said) {
  const std::size_t at = said.find("SHA256:");
  if (at == std::string_view::npos) return "";
  std::string_view print = said.substr(at);
  print = print.substr(0, print.find_first_of(" \t\r\n"));
  return std::string(ends_with(print, ".") ? print.substr(0, print.size() - 1) : print);
}

/// The node whose pinned key it is. A large known_hosts is not here to be asked.
std::optional<std::string> owner_of(const std::string& fingerprint, const Facts& facts) {
  const std::string known = key_file(facts, "known_hosts");
  for (const std::string_view line : split_lines(known)) {
    const std::size_t blank = line.find(' ');
    if (fingerprint.empty() || blank == std::string_view::npos) continue;
    const auto key = parse_public_key(trim(line.substr(blank + 1)));
    if (key && key->fingerprint() == fingerprint) {
      const std::string_view names = line.substr(0, blank);
      return std::string(names.substr(0, names.find(',')));
    }
  }
  return std::nullopt;
}

std::string told(LoginCause cause, std::string_view problem, std::string_view hint,
                 std::string_view line) {
  std::string said(login_cause_name(cause));
  if (!problem.empty()) said += ": " + std::string(problem);
  if (!hint.empty()) said += "; " + std::string(hint);
  if (cause != LoginCause::none && !line.empty()) said += " (" + visible(line, 300) + ")";
  return said;
}

/// A list of algorithms explains what comes of having none in common, and nothing else.
bool explains(std::string_view set, std::string_view said) {
  const std::string option = lower(set.substr(0, set.find_first_of(" \t=")));
  const bool algorithms = ends_with(option, "algorithms") || ends_with(option, "keytypes") ||
                          option == "ciphers" || option == "macs" || option == "requiredrsasize";
  return !algorithms || starts_with(said, "no_algorithm") || starts_with(said, "key_rejected") ||
         starts_with(said, "host_key_unknown");
}

}  // namespace

void parse_logins(std::string_view text, Facts& facts) {
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line.substr(0, line.find('\x1d')));
    if (words.size() < 4 || words[0] != "login") continue;
    const auto code = parse_integer(words[3], 0, 255);
    const std::size_t gs = line.find('\x1d');
    if (!code || gs == std::string_view::npos) continue;
    const auto out_at = static_cast<std::size_t>(words[3].data() + words[3].size() - line.data());
    const std::string of_ssh = lines_of(line.substr(gs + 1));
    const LoginVerdict verdict =
        judge_login(static_cast<int>(*code), of_ssh, lines_of(line.substr(out_at, gs - out_at)));
    std::optional<std::string> other;
    if (verdict.cause == LoginCause::host_key_changed)
      other = owner_of(shown_fingerprint(of_ssh), facts);
    std::string said =
        other ? told(LoginCause::wrong_host, *other + " answers there",
                     "check the address and the port, and what forwards to them", verdict.line)
              : told(verdict.cause, verdict.problem, verdict.hint, verdict.line);
    facts.logins[std::string(words[1])] = std::move(said);
    const auto hundredths = parse_integer(words[2], 0, 1'000'000);
    if (hundredths) facts.login_ms[std::string(words[1])] = *hundredths * 10;
  }
}

/// The first line that counts beside ours goes with what the login said.
void add_shadows(std::string_view text, Facts& facts) {
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() < 3) continue;
    std::string& said = facts.logins[std::string(words[0])];
    const std::string_view set =
        line.substr(static_cast<std::size_t>(words[2].data() - line.data()));
    if (contains(said, " says \"") || !explains(set, said)) continue;
    said += "; " + std::string(words[1]) + " says \"" + visible(set, 200) +
            "\", and that counts for it";
  }
}

}  // namespace dtenv
