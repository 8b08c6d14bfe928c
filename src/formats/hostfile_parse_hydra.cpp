// What MPICH's mpiexec.hydra 4.0 does with a machine file: HOST[:COUNT] and then user= or binding=,
// taken apart by strtok() and atoi(); a count of 0 ends in a division by it. And what Intel MPI
// 2021 does, whose Hydra went its own way: no binding=, one colon at most, a host without a count
// above 0 is forgotten.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/text.hpp"
#include "formats/hostfile_reader.hpp"

namespace dtenv {

namespace {

constexpr std::string_view blanks = " \t\v\f\r";

/// The next run of bytes outside `separators` from `at` on, as strtok() gives it.
std::string_view next_token(std::string_view text, std::string_view separators, std::size_t& at) {
  const std::size_t begin = std::min(text.find_first_not_of(separators, at), text.size());
  const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
  at = end;
  return text.substr(begin, end - begin);
}

/// Which of the two reads.
struct Flavour {
  bool intel;
  std::string_view name;
};

void refuse_count(std::string_view count, std::size_t column, const HostEntry& host,
                  const Flavour& flavour, HostfileReader& reader) {
  const std::string said =
      "the count \"" + visible(count) + "\" is " + std::to_string(*host.slots) + " to ";
  const std::string help = "a whole number from 1 on, like " + visible(host.name) + ":4";
  if (!flavour.intel)
    reader.error(host.line, column, said + "Hydra, which ends in a division by zero", help);
  else if (*host.slots < 0)
    reader.error(host.line, column, said + "Intel MPI, which may count for ever", help);
  else
    reader.warn(host.line, column, said + "Intel MPI, which runs nothing there", help);
}

void parse_count(std::string_view count, std::size_t column, HostEntry& host,
                 const Flavour& flavour, HostfileReader& reader) {
  // atoi(): what begins with digits counts as those, what does not is 0, and it wraps at 32 bits.
  const long value = std::strtol(std::string(count).c_str(), nullptr, 10);
  host.slots = static_cast<std::int32_t>(value);
  if (*host.slots <= 0) {
    refuse_count(count, column, host, flavour, reader);
  } else if (!parse_integer(count, 1, 4096)) {
    reader.warn(host.line, column,
                std::string(flavour.name) + " reads \"" + visible(count) + "\" as " +
                    std::to_string(*host.slots),
                "a whole number from 1 to 4096");
  }
}

/// What stands behind the host.
class Attributes {
 public:
  Attributes(HostEntry& host, const Flavour& flavour, HostfileReader& reader)
      : host_(host), flavour_(flavour), reader_(reader) {}
  void parse(std::string_view word, std::size_t column);

 private:
  void refuse(std::string_view key, std::size_t column);
  void again(std::string_view key, std::size_t column);

  HostEntry& host_;
  const Flavour& flavour_;
  HostfileReader& reader_;
  bool bound_ = false;
};

void Attributes::refuse(std::string_view key, std::size_t column) {
  const std::string name(flavour_.name);
  reader_.error(host_.line, column, "token " + visible(key) + " not supported by " + name,
                key == "slots"   ? name + " reads HOST:COUNT"
                : flavour_.intel ? "after the host only user= may stand"
                                 : "after the host only user= and binding= may stand");
}

void Attributes::again(std::string_view key, std::size_t column) {
  std::string problem = std::string(key) + "= a second time";
  if (flavour_.intel)
    reader_.warn(host_.line, column, std::move(problem), "keep one");
  else
    reader_.error(host_.line, column, std::move(problem), "keep one");
}

void Attributes::parse(std::string_view word, std::size_t column) {
  std::size_t at = 0;
  const std::string_view key = next_token(word, "=", at);
  const std::string_view value = next_token(word, "=", at);
  if (key != "user" && (flavour_.intel || key != "binding")) return refuse(key, column);
  if (value.empty())
    return reader_.error(
        host_.line, column,
        std::string(key) + "= without a value: " + std::string(flavour_.name) + " crashes on it",
        "give it a value, or take it out");
  const bool user = key == "user";
  if (user ? !host_.user.empty() : bound_) return again(key, column);
  if (user) {
    host_.user = value;
    return;
  }
  bound_ = true;
  reader_.warn(host_.line, column, "binding= is Hydra's own and is not kept",
               "mpiexec has -bind-to");
}

/// HOST[:COUNT]; gives the host as it stands there, empty where there is none.
std::string_view parse_host(std::string_view word, std::size_t column, const Flavour& flavour,
                            HostEntry& host, HostfileReader& reader) {
  std::size_t at = 0;
  std::string_view name = next_token(word, ":", at);
  std::string_view count = next_token(word, ":", at);
  const bool more = !next_token(word, ":", at).empty();
  if (name.empty()) {
    reader.error(host.line, column, "no host before \":\"", "a line like: V100-1:4");
    return name;
  }
  if (flavour.intel && std::count(word.begin(), word.end(), ':') > 1) {
    name = word;  // warn_bad_name() has more to say
    count = {};
  } else if (more) {
    reader.warn(host.line, column,
                "Hydra takes \"" + visible(name) + "\" from \"" + visible(word) + "\"",
                "an IPv6 address cannot stand in a machine file");
  }
  split_user(name, host);
  if (!count.empty())
    parse_count(count, column + static_cast<std::size_t>(count.data() - word.data()), host, flavour,
                reader);
  return name;
}

/// Both compare the whole word: u@n1 and n1 are two hosts to them.
void add_host(HostEntry host, std::string_view word, std::size_t column, const Flavour& flavour,
              HostfileReader& reader) {
  if (*host.slots <= 0) return;
  warn_bad_name(host, column, flavour.name, reader);
  const std::string again = "\"" + visible(word) + "\" again: " + std::string(flavour.name);
  // The same host on the next line adds to the one before; further apart it is a second host.
  if (reader.is_last(word)) {
    reader.warn(host.line, column, again + " adds the counts", "one line a host");
    *reader.hosts().back().slots += *host.slots;
    return;
  }
  if (reader.find(word) != HostfileReader::npos)
    reader.warn(host.line, column, again + " keeps two of it", "one line a host");
  reader.add(std::move(host), word);
}

/// Intel MPI's first word may be quoted: the quotes go, what is glued to them stays. Nullopt where
/// the quote never ends.
std::optional<std::string> take_quoted(std::string_view line, std::size_t& at) {
  const std::size_t close = line.find('"', at + 1);
  if (close == std::string_view::npos) return std::nullopt;
  const std::size_t end = std::min(line.find_first_of(blanks, close), line.size());
  std::string word(line.substr(at + 1, close - at - 1));
  word += line.substr(close + 1, end - close - 1);
  at = end;
  return word.substr(0, word.find('#'));
}

void parse_line(std::string_view line, int number, const Flavour& flavour, HostfileReader& reader) {
  std::size_t at = std::min(line.find_first_not_of(blanks), line.size());
  const std::size_t column = at + 1;
  std::string word;
  if (flavour.intel && starts_with(line.substr(at), "\"")) {
    auto quoted = take_quoted(line, at);
    if (!quoted)
      return reader.warn(number, column, "a quote that never ends: Intel MPI drops the line",
                         "take it out");
    word = std::move(*quoted);
  } else {
    word = next_token(line.substr(0, line.find('#')), blanks, at);
    if (word.empty()) return;
  }
  line = line.substr(0, line.find('#', at));
  HostEntry host;
  host.line = number;
  host.slots = 1;
  const std::string_view name = parse_host(word, column, flavour, host, reader);
  if (name.empty()) return;
  Attributes attributes(host, flavour, reader);
  for (;;) {
    const std::string_view more = next_token(line, blanks, at);
    if (more.empty()) break;
    attributes.parse(more, static_cast<std::size_t>(more.data() - line.data()) + 1);
  }
  add_host(std::move(host), name, column, flavour, reader);
}

}  // namespace

void parse_hydra_hostfile(std::string_view text, bool intel, HostfileReader& reader) {
  const Flavour flavour{intel, intel ? "Intel MPI" : "Hydra"};
  int number = 0;
  for (std::string_view line : split_lines(text)) {
    // A NUL ends what fgets() gave.
    parse_line(line.substr(0, line.find('\0')), ++number, flavour, reader);
  }
  if (reader.hosts().empty())
    reader.warn(1, 1,
                "names no host: " + std::string(flavour.name) +
                    " would run everything on the machine it starts on",
                "a line like: V100-1:4");
}

}  // namespace dtenv
