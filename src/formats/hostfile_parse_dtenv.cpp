// dtenv's own dialect: what the launchers have between them, read strictly. The grammar stands in
// docs of the schema hostfile_writer; keys are exact, numbers are whole words, names are real.
#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "formats/host_name.hpp"
#include "formats/hostfile_lexer_dtenv.hpp"
#include "formats/hostfile_range.hpp"
#include "formats/hostfile_reader.hpp"

namespace dtenv {

namespace {

using Words = std::vector<HostfileWord>;

constexpr std::size_t max_hosts = 100000;
const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = {
      "slots", "cpu",     "count", "max_slots", "max-slots", "port", "user",      "username",
      "addr",  "data_ip", "type",  "gpus",      "identity",  "jump", "container", "data_cidr"};
  return keys;
}

std::optional<std::string> value_problem(std::string_view key, std::string_view value) {
  if (key == "addr") return host_name_problem(value);
  if (key == "data_ip")
    return is_ipv4(value) || is_ipv6(value) ? std::nullopt
                                            : std::optional<std::string>("is no address");
  if (key == "data_cidr") return cidr_problem(value);
  // What becomes an argument of ssh or docker must not be read as an option.
  const bool argument = key == "identity" || key == "jump" || key == "container";
  if (argument && (value.empty() || value[0] == '-')) return "is empty or begins with \"-\"";
  return std::nullopt;
}

/// The same machine under two names, and names that every machine gives to itself: neither is a
/// cluster.
void check_addresses(HostfileReader& reader) {
  std::unordered_map<std::string, int> lines;
  const auto& hosts = reader.hosts();
  for (const HostEntry& host : hosts) {
    const auto addr = std::find_if(host.attributes.begin(), host.attributes.end(),
                                   [](const auto& item) { return item.first == "addr"; });
    const bool is_given = addr != host.attributes.end();
    const std::string& dialled = is_given ? addr->second : host.name;
    if (is_loopback(dialled) && hosts.size() > 1)
      reader.error(host.line, 1, "\"" + dialled + "\" is another machine on every machine",
                   "the name or the address by which the others reach it");
    if (!is_given) continue;
    const auto [known, is_new] =
        lines.emplace(dialled + " " + std::to_string(host.port.value_or(22)), host.line);
    if (!is_new)
      reader.error(host.line, 1,
                   "\"" + host.name + "\" has the address and the port of line " +
                       std::to_string(known->second),
                   "two containers on one machine need two ports");
  }
}

class Parser {
 public:
  Parser(int line, HostfileReader& reader) : line_(line), reader_(reader) {}
  void parse(const Words& words);

 private:
  void parse_host(const HostfileWord& word);
  void parse_name(const HostfileWord& word, std::string_view name);
  void parse_attribute(const HostfileWord& key, const HostfileWord& value);
  void set_slots(const HostfileWord& word, std::string_view value);
  void set_number(const HostfileWord& key, const HostfileWord& value,
                  std::optional<std::int64_t>& field);
  void set_other(const HostfileWord& key, const HostfileWord& value);
  void add_hosts(const HostfileWord& word);
  void fail(std::size_t column, std::string problem, std::string hint = {});

  int line_;
  HostfileReader& reader_;
  HostEntry host_;
  std::vector<std::string> names_;
  bool slots_given_ = false;
  bool failed_ = false;
};

void Parser::fail(std::size_t column, std::string problem, std::string hint) {
  failed_ = true;
  reader_.error(line_, column, std::move(problem), std::move(hint));
}

void Parser::set_slots(const HostfileWord& word, std::string_view value) {
  if (slots_given_) return fail(word.column, "the slots stand there twice", "one slots= a host");
  slots_given_ = true;
  if (value == "auto") return;
  host_.slots = parse_integer(value, 0, 4096);
  if (!host_.slots)
    fail(word.column,
         "\"" + visible(value, 40) + "\": a whole number of slots from 0 to 4096 expected",
         "slots=N, or slots=auto for the GPUs found");
  else if (*host_.slots == 0)
    reader_.warn(line_, word.column, "slots=0: kept as a reserved host, never the first",
                 "give it slots, or take the line out");
}

void Parser::parse_name(const HostfileWord& word, std::string_view name) {
  if (name.find_first_not_of('.') == std::string_view::npos && !name.empty())
    return fail(word.column, "a placeholder line of dots", "remove it, or name the host");
  if (name.find(',') != std::string_view::npos && name.find('[') == std::string_view::npos)
    return fail(word.column, "\"" + visible(name) + "\" names several hosts", "one line a host");
  auto names = expand_host_range(name, max_hosts);
  if (!names) return fail(word.column, names.error().message, "a range like node[01-03,07]");
  names_ = std::move(*names);
  auto problem = host_name_problem(names_.front());
  if (!problem) problem = host_name_problem(names_.back());
  if (problem)
    fail(word.column, "\"" + visible(name) + "\" " + *problem,
         starts_with(name, "^") || starts_with(name, "+")
             ? "Open MPI's relative syntax names no machine"
             : "");
}

void Parser::parse_host(const HostfileWord& word) {
  std::string_view name = word.text;
  const std::size_t at = name.find('@');
  if (at != std::string_view::npos) {
    host_.user = name.substr(0, at);
    name.remove_prefix(at + 1);
    if (const auto problem = user_name_problem(host_.user))
      fail(word.column, "the user \"" + visible(host_.user) + "\" " + *problem);
  }
  std::string_view slots;
  const bool bracketed = starts_with(name, "[");
  const std::size_t colon = bracketed ? name.find("]:") : name.find(':');
  if (colon != std::string_view::npos) {
    slots = name.substr(colon + (bracketed ? 2 : 1));
    if (!bracketed && slots.find(':') != std::string_view::npos)
      return fail(word.column, "an IPv6 address without brackets",
                  "write it [" + visible(name) + "]");
    name = name.substr(0, colon + (bracketed ? 1 : 0));
  }
  if (bracketed && ends_with(name, "]") && is_ipv6(name.substr(1, name.size() - 2)))
    names_ = {std::string(name.substr(1, name.size() - 2))};
  else
    parse_name(word, name);
  if (colon != std::string_view::npos) set_slots(word, slots);
}

void Parser::set_number(const HostfileWord& key, const HostfileWord& value,
                        std::optional<std::int64_t>& field) {
  if (field) return fail(key.column, key.text + "= a second time", "keep one");
  field = parse_integer(value.text, 0, 4096);
  if (!field)
    fail(value.column,
         "\"" + visible(value.text, 40) + "\": a whole number from 0 to 4096 expected");
}

void Parser::set_other(const HostfileWord& key, const HostfileWord& value) {
  const bool label = starts_with(key.text, "label.") && key.text.size() > 6;
  const auto& keys = known_keys();
  if (!label && std::find(keys.begin(), keys.end(), key.text) == keys.end()) {
    const auto near = nearest(lower(key.text), keys);
    return fail(key.column, "no key is called \"" + visible(key.text, 40) + "\"",
                near ? "did you mean \"" + *near + "\"?" : "a word of your own is label.NAME=");
  }
  for (const auto& [name, text] : host_.attributes)
    if (name == key.text) return fail(key.column, key.text + "= a second time", "keep one");
  host_.attributes.emplace_back(key.text, value.text);
  const auto problem = value_problem(key.text, value.text);
  if (problem) fail(value.column, "\"" + visible(value.text) + "\" " + *problem);
}

void Parser::parse_attribute(const HostfileWord& key, const HostfileWord& value) {
  const std::string& name = key.text;
  if (name == "slots" || name == "cpu" || name == "count") return set_slots(value, value.text);
  if (name == "max_slots" || name == "max-slots") return set_number(key, value, host_.max_slots);
  if (name == "port") {
    if (host_.port) return fail(key.column, "port= a second time", "keep one");
    host_.port = parse_port(value.text);
    if (!host_.port)
      fail(value.column, "\"" + visible(value.text, 40) + "\": a port from 1 to 65535 expected",
           "port=6001");
  } else if (name == "user" || name == "username") {
    if (!host_.user.empty()) return fail(key.column, "the user a second time", "keep one");
    host_.user = value.text;
    if (const auto problem = user_name_problem(value.text))
      fail(value.column, "the user \"" + visible(value.text) + "\" " + *problem);
  } else {
    set_other(key, value);
  }
}

void Parser::add_hosts(const HostfileWord& word) {
  for (std::string& name : names_) {
    // DNS and ssh take no notice of case: V100-1 and v100-1 are one machine.
    std::string key = lower(name);
    const std::size_t known = reader_.find(key);
    if (known != HostfileReader::npos)
      return fail(word.column,
                  "\"" + name + "\" a second time: line " +
                      std::to_string(reader_.hosts()[known].line) + " has it",
                  "one line a host, with all its slots");
    HostEntry host = host_;
    host.name = std::move(name);
    if (!reader_.add(std::move(host), key)) return;
  }
}

void Parser::parse(const Words& words) {
  host_.line = line_;
  const HostfileWord& first = words.front();
  const bool no_host = first.is_equal || (words.size() > 1 && words[1].is_equal);
  if (no_host) return fail(first.column, "no host before \"" + visible(first.text) + "=\"");
  parse_host(first);
  for (std::size_t i = 1; i < words.size(); i += 3) {
    if (words[i].is_equal || i + 1 >= words.size() || !words[i + 1].is_equal) {
      fail(words[i].column, "\"" + visible(words[i].text, 40) + "\": KEY=VALUE expected");
      i -= 2;
    } else if (i + 2 >= words.size() || words[i + 2].is_equal ||
               (i + 3 < words.size() && words[i + 3].is_equal)) {
      fail(words[i + 1].column, "no value after " + visible(words[i].text, 40) + "=");
      i -= 1;
    } else {
      parse_attribute(words[i], words[i + 2]);
    }
  }
  if (!slots_given_ && !failed_)
    fail(first.column, "\"" + visible(first.text) + "\" has no slots",
         "slots=N, or slots=auto for the GPUs found");
  if (host_.max_slots && host_.slots && *host_.max_slots < *host_.slots)
    fail(first.column, "max_slots is less than slots", "raise it, or take it out");
  if (!names_.empty()) add_hosts(first);
}

}  // namespace

void parse_dtenv_hostfile(std::string_view text, HostfileReader& reader) {
  if (starts_with(text, "\xEF\xBB\xBF")) {
    text.remove_prefix(3);
    reader.warn(1, 1, "the byte order mark is dropped", "save the file as UTF-8 without one");
  }
  HostfileLexer lexer(reader);
  int line = 0;
  for (const std::string_view bytes : split_lines(text)) {
    const Words words = lexer.words(bytes, ++line);
    if (!words.empty()) Parser(line, reader).parse(words);
  }
  lexer.finish();
  check_addresses(reader);
}

}  // namespace dtenv
