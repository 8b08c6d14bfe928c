// What Open MPI does with a hostfile (orte/util/hostfile; prrte from version 5 on): the verdicts
// were taken from mpirun 4.1.4 and 5.0.11, --do-not-launch.
#include <cstdlib>

#include "base/text.hpp"
#include "formats/hostfile_lexer_openmpi.hpp"
#include "formats/hostfile_reader.hpp"

namespace dtenv {

namespace {

using Token = OpenMpiToken;
using Kind = OpenMpiToken::Kind;

class Parser {
 public:
  Parser(std::string_view text, bool version5, HostfileReader& reader)
      : lexer_(text), version5_(version5), reader_(reader) {}
  void run();

 private:
  void parse_line(const Token& first);
  void parse_rank_line();
  bool parse_attributes(HostEntry& host, bool& counted);
  bool parse_attribute(const Token& key, HostEntry& host, bool& counted);
  bool parse_slots(const Token& key, std::int64_t value, HostEntry& host, bool& counted);
  bool parse_max_slots(const Token& key, std::int64_t value, HostEntry& host);
  std::optional<std::int64_t> parse_number(const Token& key);
  bool parse_user(const Token& key, HostEntry& host);
  bool expect_equal(const Token& key);
  bool name_host(const Token& token, HostEntry& host);
  void fail(const Token& token, std::string problem, std::string hint = {});
  void skip_line();

  void count_unnumbered(const Token& first, HostEntry& host);
  void name_again(const Token& first, HostEntry& host);

  OpenMpiLexer lexer_;
  const bool version5_;
  HostfileReader& reader_;
  Token last_;
};

void Parser::fail(const Token& token, std::string problem, std::string hint) {
  reader_.error(token.line, token.column, std::move(problem), std::move(hint));
}

void Parser::skip_line() {
  while (last_.kind != Kind::newline && last_.kind != Kind::end) last_ = lexer_.next();
}

std::string unexpected(const Token& token) {
  if (token.kind == Kind::newline || token.kind == Kind::end) return "the line ends";
  return "\"" + visible(token.text, 40) + "\" found";
}

bool Parser::name_host(const Token& token, HostEntry& host) {
  std::vector<std::string> parts;
  for (std::string& part : split(token.text, '@'))
    if (!part.empty()) parts.push_back(std::move(part));
  if (parts.empty() || parts.size() > 2) {
    fail(token, "\"" + visible(token.text) + "\": one user and one host expected");
    return false;
  }
  host.name = parts.back();
  if (parts.size() == 2) host.user = parts.front();
  // mpirun 4.1.4 overruns a buffer (SIGABRT) with a name of 300 bytes.
  if (host.name.size() > 253) fail(token, "the name is longer than 253 bytes");
  return host.name.size() <= 253;
}

bool Parser::expect_equal(const Token& key) {
  last_ = lexer_.next();
  if (last_.kind != Kind::equal)
    fail(last_, "\"=\" expected after " + std::string(key.text) + ", " + unexpected(last_));
  return last_.kind == Kind::equal;
}

std::optional<std::int64_t> Parser::parse_number(const Token& key) {
  if (!expect_equal(key)) return std::nullopt;
  last_ = lexer_.next();
  if (last_.kind != Kind::integer) {
    fail(last_,
         "a whole number expected after " + std::string(key.text) + "=, " + unexpected(last_));
    return std::nullopt;
  }
  // atol() into an int.
  const auto value =
      static_cast<std::int32_t>(std::strtol(std::string(last_.text).c_str(), nullptr, 10));
  if (value < 0) {
    fail(last_, std::string(last_.text) + " wraps to " + std::to_string(value) + " in Open MPI");
    return std::nullopt;
  }
  if (!parse_integer(last_.text, 0, INT32_MAX))
    reader_.warn(last_.line, last_.column,
                 "Open MPI reads " + visible(last_.text, 30) + " as " + std::to_string(value),
                 "a number that fits 32 bits");
  return value;
}

bool Parser::parse_slots(const Token& key, std::int64_t value, HostEntry& host, bool& counted) {
  if (counted) {
    fail(key,
         "the slots of " + visible(host.name) + " are defined a second time" +
             (host.line < key.line ? ": line " + std::to_string(host.line) + " has them" : ""),
         "one slots= a host");
    return false;
  }
  host.slots = value;
  counted = true;
  if (value == 0)
    reader_.warn(key.line, key.column, "slots=0: Open MPI places no rank there", "give it slots");
  if (host.max_slots && *host.max_slots < value) host.max_slots = value;
  return true;
}

bool Parser::parse_max_slots(const Token& key, std::int64_t value, HostEntry& host) {
  if (value < host.slots.value_or(1)) {
    fail(key, "max_slots is less than slots", "raise it, or take it out");
    return false;
  }
  if (value > 0) host.max_slots = value;
  return true;
}

bool Parser::parse_user(const Token& key, HostEntry& host) {
  if (!expect_equal(key)) return false;
  last_ = lexer_.next();
  if (last_.kind == Kind::string || last_.kind == Kind::dotted || last_.kind == Kind::integer) {
    host.user = last_.text;
    return true;
  }
  fail(last_, "a user's name expected after " + std::string(key.text) + "=, " + unexpected(last_));
  return false;
}

bool Parser::parse_attribute(const Token& key, HostEntry& host, bool& counted) {
  const bool user = key.text == "username" || key.text == "user-name" || key.text == "user_name";
  if (user) return parse_user(key, host);
  const bool slots = key.text == "slots" || key.text == "cpu" || key.text == "count";
  const bool max = contains(key.text, "max");
  if (!slots && !max && key.text != "port") {
    fail(key, "Open MPI does not read \"" + std::string(key.text) + "\" here",
         key.text == "slot" ? "did you mean \"slots\"?"
                            : "take it out: it reads slots, max_slots, port and username");
    return false;
  }
  const auto value = parse_number(key);
  if (!value) return false;
  if (slots) return parse_slots(key, *value, host, counted);
  if (max) return parse_max_slots(key, *value, host);
  if (*value < 1 || *value > 65535) {
    reader_.warn(key.line, key.column,
                 "port=" + std::to_string(*value) + " is no port; Open MPI takes it",
                 "a port from 1 to 65535");
  } else {
    host.port = static_cast<int>(*value);
  }
  return true;
}

bool Parser::parse_attributes(HostEntry& host, bool& counted) {
  const std::vector<std::string> known = {"slots", "max_slots", "port", "username"};
  Token before;
  for (;;) {
    last_ = lexer_.next();
    switch (last_.kind) {
      case Kind::newline:
      case Kind::end:
        return true;
      case Kind::keyword: {
        const Token key = last_;
        if (!parse_attribute(key, host, counted)) return false;
        break;
      }
      case Kind::string:
      case Kind::integer:
        before = last_;
        reader_.warn(last_.line, last_.column, "Open MPI drops \"" + visible(last_.text, 40) + "\"",
                     "take it out");
        break;
      case Kind::equal:
        if (!before.text.empty()) {
          const auto near = nearest(before.text, known);
          fail(before, "Open MPI knows no \"" + visible(before.text, 40) + "=\"",
               before.text == "user" ? "Open MPI says username="
               : near                ? "did you mean \"" + *near + "\"?"
                                     : "");
          return false;
        }
        [[fallthrough]];
      default:
        fail(last_, "\"" + visible(last_.text, 40) + "\" is not taken here",
             last_.text == "\r"  ? "end lines with a line feed alone"
             : last_.text == "#" ? "end the last line with a line feed"
                                 : "");
        return false;
    }
  }
}

/// `rank 0=host slot=1`: each such line adds one slot to the host.
void Parser::parse_rank_line() {
  while (last_.kind != Kind::equal && last_.kind != Kind::newline && last_.kind != Kind::end)
    last_ = lexer_.next();
  if (last_.kind == Kind::equal) last_ = lexer_.next();
  HostEntry host;
  host.line = last_.line;
  if (last_.kind != Kind::string && last_.kind != Kind::dotted && last_.kind != Kind::integer) {
    fail(last_, "a host expected after rank N=, " + unexpected(last_));
  } else if (name_host(last_, host)) {
    const std::size_t known = reader_.find(host.name);
    host.slots = 1;
    if (known != HostfileReader::npos) {
      HostEntry& entry = reader_.hosts()[known];
      entry.slots = entry.slots.value_or(0) + 1;
    } else {
      reader_.add(std::move(host));
    }
  }
  skip_line();
}

/// A line without slots=: one slot, or in version 5 as many as that machine has cores.
void Parser::count_unnumbered(const Token& first, HostEntry& host) {
  if (host.max_slots)
    host.slots = *host.max_slots;
  else if (version5_)
    reader_.warn(first.line, first.column,
                 "no slots=: Open MPI 5 takes the cores of " + visible(host.name), "slots=N");
  else
    host.slots = 1;
}

/// A host that stands there already gains a slot, and can be given no number any more.
void Parser::name_again(const Token& first, HostEntry& host) {
  host.slots = host.slots.value_or(1) + 1;
  reader_.warn(first.line, first.column,
               "\"" + visible(host.name) + "\" again: Open MPI adds a slot to it",
               "one line a host");
}

void Parser::parse_line(const Token& first) {
  HostEntry fresh;
  fresh.line = first.line;
  if (!name_host(first, fresh)) return skip_line();
  const std::size_t known = reader_.find(fresh.name);
  HostEntry host = known == HostfileReader::npos ? fresh : reader_.hosts()[known];
  bool counted = known != HostfileReader::npos;
  if (counted) name_again(first, host);
  if (!parse_attributes(host, counted)) {
    skip_line();
    // The host stands, so that a second line of it is not a problem of its own.
    if (known == HostfileReader::npos) reader_.add(std::move(fresh));
    return;
  }
  if (!counted) count_unnumbered(first, host);
  warn_bad_name(fresh, first.column, "Open MPI", reader_);
  if (known == HostfileReader::npos)
    reader_.add(std::move(host));
  else
    reader_.hosts()[known] = std::move(host);
}

void Parser::run() {
  for (;;) {
    const Token first = last_ = lexer_.next();
    if (first.kind == Kind::end) break;
    if (first.kind == Kind::newline) continue;
    const bool names_host =
        first.kind == Kind::string || first.kind == Kind::dotted || first.kind == Kind::integer;
    if (names_host) {
      parse_line(first);
    } else if (first.kind == Kind::keyword && first.text == "rank") {
      parse_rank_line();
    } else {
      const bool relative = first.text == "+" || first.text == "^";
      fail(first, "a host expected, " + unexpected(first),
           relative ? "Open MPI's relative (+n0) and excluding (^host) lines name no machine"
           : first.text == "#" || first.text == "/" ? "end the last line with a line feed"
                                                    : "");
      skip_line();
    }
  }
  if (!reader_.hosts().empty()) return;
  if (version5_)
    reader_.warn(1, 1, "names no host: Open MPI 5 runs everything on the machine that it starts on",
                 "a line like: V100-1 slots=4");
  else if (!reader_.has_errors())
    reader_.error(1, 1, "names no host");
}

}  // namespace

void parse_openmpi_hostfile(std::string_view text, bool version5, HostfileReader& reader) {
  Parser(text, version5, reader).run();
}

}  // namespace dtenv
