// Lists of names without slots: Slurm's host list (`scontrol show hostnames` of 22.05 gave the
// verdicts) and the list of torchrun's agents.
#include <algorithm>

#include "base/text.hpp"
#include "formats/host_name.hpp"
#include "formats/hostfile_range.hpp"
#include "formats/hostfile_reader.hpp"

namespace dtenv {

namespace {

/// A list of a text, cut at commas and blanks outside brackets.
class SlurmList {
 public:
  SlurmList(std::string_view text, HostfileReader& reader) : text_(text), reader_(reader) {}
  void parse();

 private:
  void parse_word(std::string_view word);
  void add(std::string name);

  std::string_view text_;
  HostfileReader& reader_;
  int line_ = 1;
  std::size_t column_ = 1;  ///< of the word at hand
};

void SlurmList::add(std::string name) {
  HostEntry host;
  host.name = std::move(name);
  host.line = line_;
  if (reader_.find(host.name) != HostfileReader::npos)
    reader_.warn(line_, column_, "\"" + visible(host.name) + "\" again: Slurm takes a node once",
                 "take it out");
  warn_bad_name(host, column_, "Slurm", reader_);
  reader_.add(std::move(host));
}

void SlurmList::parse_word(std::string_view word) {
  auto names = expand_slurm_ranges(word);
  if (!names) return reader_.error(line_, column_, names.error().message);
  for (std::string& name : *names) add(std::move(name));
}

void SlurmList::parse() {
  std::size_t begin = 0;
  std::size_t line_begin = 0;
  int depth = 0;
  for (std::size_t at = 0; at <= text_.size(); ++at) {
    const bool last = at == text_.size();
    const char c = last ? '\n' : text_[at];
    if (c == '[') ++depth;
    if (c == ']' && depth > 0) --depth;
    if (!last && (depth > 0 || (c != ',' && c != ' ' && c != '\t' && c != '\n'))) continue;
    column_ = begin - line_begin + 1;
    if (at > begin) parse_word(text_.substr(begin, at - begin));
    begin = at + 1;
    if (c != '\n') continue;
    line_begin = begin;
    ++line_;
  }
}

void parse_torchrun_line(std::string_view line, int number, HostfileReader& reader) {
  HostEntry host;
  host.name = line;
  host.line = number;
  const std::size_t known = reader.find(host.name);
  if (line.empty() || line[0] == '#') {
    reader.error(number, 1, line.empty() ? "an empty line" : "a comment",
                 "a line's number is its --node-rank: take the line out");
  } else if (const auto problem = host_name_problem(line)) {
    const std::size_t blank = line.find_first_of(" \t\r");
    reader.error(number, blank == std::string_view::npos ? 1 : blank + 1,
                 "\"" + visible(line) + "\" " + *problem,
                 "a name or an address alone; the slots are --nproc-per-node's to say");
  } else if (known != HostfileReader::npos) {
    reader.error(number, 1,
                 "\"" + visible(line) + "\" a second time: line " +
                     std::to_string(reader.hosts()[known].line) + " has it",
                 "one agent a machine begins all its ranks");
  } else {
    reader.add(std::move(host));
  }
}

}  // namespace

void parse_slurm_nodes(std::string_view text, HostfileReader& reader) {
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) {
    const auto [line, column] = line_and_column(text, nul);
    return reader.error(line, static_cast<std::size_t>(column), "a NUL: no argument can carry it");
  }
  SlurmList(text, reader).parse();
  if (reader.hosts().empty())
    reader.warn(1, 1, "names no node: Slurm chooses the nodes itself",
                "a list like: node[01-04],gpu1");
}

void parse_torchrun_nodes(std::string_view text, HostfileReader& reader) {
  const bool is_ended = text.empty() || text.back() == '\n';
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parse_torchrun_line(text.substr(0, end), ++number, reader);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!is_ended)
    reader.warn(number, 1, "the last line has no end: `wc -l` counts one node less",
                "end it with a line feed");
  if (number == 0) reader.error(0, 0, "names no host", "a line like: V100-1");
}

}  // namespace dtenv
