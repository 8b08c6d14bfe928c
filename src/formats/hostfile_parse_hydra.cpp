// What MPICH's mpiexec.hydra 4.0 does with a machine file: HOST[:COUNT] and then user= or binding=,
// taken apart by strtok() and atoi(); a count of 0 ends in a division by it.
#include <cstdlib>

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

void parse_count(std::string_view count, std::size_t column, HostEntry& host,
                 HostfileReader& reader) {
  // atoi(): what begins with digits counts as those, what does not is 0, and it wraps at 32 bits.
  const long value = std::strtol(std::string(count).c_str(), nullptr, 10);
  host.slots = static_cast<std::int32_t>(value);
  if (*host.slots <= 0) {
    reader.error(host.line, column,
                 "the count \"" + visible(count) + "\" is " + std::to_string(*host.slots) +
                     " to Hydra, which ends in a division by zero",
                 "a whole number from 1 on, like " + host.name + ":4");
  } else if (!parse_integer(count, 1, 4096)) {
    reader.warn(host.line, column,
                "Hydra reads \"" + visible(count) + "\" as " + std::to_string(*host.slots));
  }
}

void parse_attribute(std::string_view word, std::size_t column, HostEntry& host, bool& bound,
                     HostfileReader& reader) {
  std::size_t at = 0;
  const std::string_view key = next_token(word, "=", at);
  const std::string_view value = next_token(word, "=", at);
  if (key != "user" && key != "binding") {
    const bool slots = key == "slots";
    reader.error(
        host.line, column, "token " + visible(key) + " not supported by Hydra",
        slots ? "Hydra reads HOST:COUNT" : "after the host only user= and binding= may stand");
  } else if (value.empty()) {
    reader.error(host.line, column, std::string(key) + "= without a value: Hydra crashes on it");
  } else if (key == "user" && !host.user.empty()) {
    reader.error(host.line, column, "user= a second time");
  } else if (key == "binding" && bound) {
    reader.error(host.line, column, "binding= a second time");
  } else if (key == "user") {
    host.user = value;
  } else {
    bound = true;
    reader.warn(host.line, column, "binding= is Hydra's own and is not kept");
  }
}

void parse_line(std::string_view line, int number, HostfileReader& reader) {
  line = line.substr(0, line.find('#'));
  std::size_t at = 0;
  const std::string_view first = next_token(line, blanks, at);
  if (first.empty()) return;
  const std::size_t column = static_cast<std::size_t>(first.data() - line.data()) + 1;
  HostEntry host;
  host.line = number;
  host.slots = 1;
  std::size_t in_word = 0;
  const std::string_view name = next_token(first, ":", in_word);
  const std::string_view count = next_token(first, ":", in_word);
  split_user(name, host);
  if (name.empty()) {
    reader.error(number, column, "no host before \":\"");
    return;
  }
  if (!count.empty())
    parse_count(count, column + static_cast<std::size_t>(count.data() - first.data()), host,
                reader);
  const std::string_view more = next_token(first, ":", in_word);
  if (!more.empty())
    reader.warn(number, column,
                "Hydra takes \"" + visible(name) + "\" from \"" + visible(first) + "\"",
                "an IPv6 address cannot stand in a machine file");
  bool bound = false;
  for (;;) {
    const std::string_view word = next_token(line, blanks, at);
    if (word.empty()) break;
    parse_attribute(word, static_cast<std::size_t>(word.data() - line.data()) + 1, host, bound,
                    reader);
  }
  warn_bad_name(host, column, "Hydra", reader);
  // The same host on the next line adds to the one before; further apart it is a second host.
  if (!reader.hosts().empty() && reader.hosts().back().name == host.name) {
    reader.warn(number, column, "\"" + visible(host.name) + "\" again: Hydra adds the counts");
    *reader.hosts().back().slots += *host.slots;
    return;
  }
  if (reader.find(host.name) != HostfileReader::npos)
    reader.warn(number, column, "\"" + visible(host.name) + "\" again: Hydra keeps two of it");
  reader.add(std::move(host));
}

}  // namespace

void parse_hydra_hostfile(std::string_view text, HostfileReader& reader) {
  int number = 0;
  for (std::string_view line : split_lines(text)) {
    // A NUL ends what fgets() gave.
    parse_line(line.substr(0, line.find('\0')), ++number, reader);
  }
  if (reader.hosts().empty())
    reader.warn(0, 0, "names no host: Hydra would run everything on the machine it starts on");
}

}  // namespace dtenv
