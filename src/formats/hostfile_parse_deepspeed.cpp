// What deepspeed.launcher.runner does with a hostfile: Python's universal newlines, str.strip() and
// the regular expression ^(\S+)\s+slots=(\d+), whose rest of the line nobody looks at.
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "formats/host_name.hpp"
#include "formats/hostfile_reader.hpp"

namespace dtenv {

namespace {

constexpr std::int64_t most_slots = 4096;

/// The length of the blank at `at` as Python's str.isspace() sees it, 0 where there is none.
std::size_t blank_at(std::string_view line, std::size_t at) {
  const char c = line[at];
  if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f')) return 1;
  constexpr std::array<std::string_view, 8> wide = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80",
                                                    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
                                                    "\xE2\x81\x9F", "\xE3\x80\x80"};
  const std::string_view rest = line.substr(at);
  for (const std::string_view blank : wide)
    if (starts_with(rest, blank)) return blank.size();
  const bool en_quad_to_hair_space = starts_with(rest, "\xE2\x80") && rest.size() > 2 &&
                                     static_cast<unsigned char>(rest[2]) <= 0x8A;
  return en_quad_to_hair_space ? 3 : 0;
}

/// Nearly every byte of nearly every file: no blank, and not the beginning of one.
bool is_word_byte(char c) {
  return c > ' ' && static_cast<unsigned char>(c) < 0x80;
}

std::size_t skip_blanks(std::string_view line, std::size_t at) {
  while (at < line.size() && !is_word_byte(line[at])) {
    const std::size_t length = blank_at(line, at);
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::size_t word_end(std::string_view line, std::size_t at) {
  while (at < line.size() && (is_word_byte(line[at]) || blank_at(line, at) == 0)) ++at;
  return at;
}

struct Line {
  std::string_view text;
  int number;
};

/// What stands after the digits: DeepSpeed reads none of it.
void warn_rest(const Line& line, std::size_t at, HostfileReader& reader) {
  const std::size_t begin = skip_blanks(line.text, at);
  if (begin == line.text.size()) return;
  const std::string_view rest = trim(line.text.substr(begin));
  if (begin == at) {
    reader.warn(line.number, at + 1,
                "\"" + visible(rest) + "\" is glued to the number and DeepSpeed drops it",
                "write the number alone");
  } else if (starts_with(rest, "port=")) {
    reader.warn(line.number, begin + 1, "DeepSpeed drops \"" + visible(rest) + "\"",
                "give each host's port in ~/.ssh/config");
  } else if (rest[0] != '#') {
    reader.warn(line.number, begin + 1, "DeepSpeed drops \"" + visible(rest) + "\"", "take it out");
  }
}

void parse_slots(const Line& line, std::string_view word, std::size_t host_at, std::size_t at,
                 HostfileReader& reader) {
  std::size_t end = at;
  while (end < line.text.size() && line.text[end] >= '0' && line.text[end] <= '9') ++end;
  const std::string_view digits = line.text.substr(at, end - at);
  if (digits.empty()) {
    reader.error(line.number, at + 1,
                 "a whole number expected after slots=", "DeepSpeed reads HOST slots=NUMBER alone");
    return;
  }
  HostEntry host;
  host.line = line.number;
  split_user(word, host);
  host.slots = parse_integer(digits, 0, INT64_MAX);
  if (!host.slots) {
    reader.error(line.number, at + 1, "slots=" + visible(digits, 30) + " is beyond all machines");
    return;
  }
  if (*host.slots == 0)
    reader.warn(line.number, at + 1, "slots=0: DeepSpeed keeps the host with no process on it",
                "remove the line");
  if (*host.slots > most_slots)
    reader.warn(line.number, at + 1, "slots=" + std::string(digits) + " is more than a machine has",
                "its number of GPUs");
  warn_bad_name(host, host_at + 1, "DeepSpeed", reader);
  warn_rest(line, end, reader);
  // DeepSpeed compares the whole word: u@h and h are two hosts to it.
  reader.add(std::move(host), word);
}

/// "NAME slots=NUMBER" and nothing else, as nearly every line is: there is nothing to say of it.
bool parse_plain(const Line& line, HostfileReader& reader) {
  constexpr std::string_view key = " slots=";
  const std::string_view text = line.text;
  const std::size_t end = plain_name_end(text);
  if (end == 0 || text.size() - end <= key.size() || text.size() - end > key.size() + 4 ||
      std::memcmp(text.data() + end, key.data(), key.size()) != 0)
    return false;
  std::int64_t slots = 0;
  for (std::size_t i = end + key.size(); i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    slots = slots * 10 + (text[i] - '0');
  }
  if (slots == 0 || slots > most_slots) return false;
  return reader.add_plain(text.substr(0, end), slots, line.number);
}

void parse_line(const Line& line, HostfileReader& reader) {
  if (parse_plain(line, reader)) return;
  const std::size_t host_at = skip_blanks(line.text, 0);
  if (host_at == line.text.size() || line.text[host_at] == '#') return;
  const std::size_t host_end = word_end(line.text, host_at);
  const std::size_t at = skip_blanks(line.text, host_end);
  const std::string_view word = line.text.substr(host_at, host_end - host_at);
  if (!starts_with(line.text.substr(at), "slots=")) {
    const bool alone = at == line.text.size();
    reader.error(line.number, (alone ? host_at : at) + 1,
                 alone
                     ? "\"" + visible(word) + "\" has no slots="
                     : "slots= expected, \"" + visible(trim(line.text.substr(at)), 40) + "\" found",
                 "DeepSpeed reads HOST slots=NUMBER alone");
    return;
  }
  const std::size_t known = reader.find(word);
  if (known != HostfileReader::npos) {
    reader.error(line.number, host_at + 1,
                 "\"" + visible(word) + "\" a second time: line " +
                     std::to_string(reader.hosts()[known].line) + " has it",
                 "one line a host, with all its slots");
    return;
  }
  parse_slots(line, word, host_at, at + 6, reader);
}

}  // namespace

void parse_deepspeed_hostfile(std::string_view text, HostfileReader& reader) {
  if (!is_utf8(text)) {
    reader.error(1, 1, "not UTF-8: Python does not read the file", "save it as UTF-8");
    return;
  }
  int number = 0;
  const bool returns = text.find('\r') != std::string_view::npos;
  while (!text.empty()) {
    const std::size_t end = returns ? text.find_first_of("\r\n") : text.find('\n');
    parse_line({text.substr(0, end), ++number}, reader);
    if (end == std::string_view::npos) break;
    const bool two = returns && starts_with(text.substr(end), "\r\n");
    text.remove_prefix(end + (two ? 2 : 1));
  }
  if (reader.hosts().empty() && !reader.has_errors()) reader.error(1, 1, "names no host");
}

}  // namespace dtenv
