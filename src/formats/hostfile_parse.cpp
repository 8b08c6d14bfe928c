#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "formats/host_name.hpp"
#include "formats/hostfile_reader.hpp"

namespace dtenv {

namespace {

constexpr std::size_t max_problems = 1000;
constexpr std::size_t max_hosts = 100000;
constexpr std::array<std::pair<std::string_view, HostfileDialect>, 8> dialects = {
    {{"dtenv", HostfileDialect::dtenv},
     {"deepspeed", HostfileDialect::deepspeed},
     {"openmpi", HostfileDialect::openmpi},
     {"openmpi5", HostfileDialect::openmpi5},
     {"hydra", HostfileDialect::hydra},
     {"intelmpi", HostfileDialect::intelmpi},
     {"slurm", HostfileDialect::slurm},
     {"torchrun", HostfileDialect::torchrun}}};

std::string_view usual_line(HostfileDialect dialect) {
  switch (dialect) {
    case HostfileDialect::dtenv:
      return "a line like: V100-1 slots=4 port=6001";
    case HostfileDialect::deepspeed:
      return "a line like: V100-1 slots=4";
    case HostfileDialect::openmpi:
    case HostfileDialect::openmpi5:
      return "a line like: V100-1 slots=4 max_slots=8";
    case HostfileDialect::hydra:
    case HostfileDialect::intelmpi:
      return "a line like: V100-1:4";
    case HostfileDialect::slurm:
      return "a list like: node[01-04],gpu1";
    case HostfileDialect::torchrun:
      break;
  }
  return "a line like: V100-1";
}

}  // namespace

std::string_view dialect_name(HostfileDialect dialect) {
  for (const auto& [name, value] : dialects)
    if (value == dialect) return name;
  return "";
}

const std::vector<HostfileDialect>& hostfile_dialects() {
  static const std::vector<HostfileDialect> all = [] {
    std::vector<HostfileDialect> list;
    for (const auto& [name, value] : dialects) list.push_back(value);
    return list;
  }();
  return all;
}

std::optional<HostfileDialect> parse_dialect(std::string_view name) {
  for (const auto& [known, value] : dialects)
    if (known == name) return value;
  return std::nullopt;
}

void HostfileReader::error(int line, std::size_t column, std::string problem, std::string hint) {
  if (errors_.size() >= max_problems) {
    ++left_out_;
    return;
  }
  errors_.push_back({"", line, static_cast<int>(column), std::move(problem), std::move(hint)});
}

void HostfileReader::warn(int line, std::size_t column, std::string problem, std::string hint) {
  if (file_.warnings.size() < max_problems)
    file_.warnings.push_back(
        {"", line, static_cast<int>(column), std::move(problem), std::move(hint)});
}

std::string_view HostfileReader::key_of(std::size_t index) const {
  const auto other = other_keys_.find(index);
  return other == other_keys_.end() ? file_.hosts[index].name : other->second;
}

std::size_t HostfileReader::find(std::string_view key) {
  return places_.find(key, [&](std::size_t index) { return key_of(index); });
}

bool HostfileReader::is_last(std::string_view key) const {
  return !file_.hosts.empty() && key_of(file_.hosts.size() - 1) == key;
}

bool HostfileReader::add(HostEntry host) {
  const std::string key = host.name;
  return add(std::move(host), key);
}

bool HostfileReader::add(HostEntry host, std::string_view key) {
  if (file_.hosts.size() >= max_hosts) {
    if (!too_many_) error(host.line, 1, "more than 100000 hosts");
    too_many_ = true;
    return false;
  }
  if (key != host.name) other_keys_.emplace(file_.hosts.size(), key);
  places_.add(key, [&](std::size_t index) { return key_of(index); });
  file_.hosts.push_back(std::move(host));
  return true;
}

bool HostfileReader::add_plain(std::string_view name, std::int64_t slots, int line) {
  const auto names = [&](std::size_t index) { return key_of(index); };
  if (file_.hosts.size() >= max_hosts || !places_.add_new(name, names)) return false;
  // Each member by itself: to clear a whole entry first takes as long as the rest of this.
  file_.hosts.emplace_back(std::string(name), slots, std::nullopt, std::nullopt, std::string(),
                           HostEntry::Attributes(), line);
  return true;
}

void HostfileReader::reserve(std::size_t count) {
  file_.hosts.reserve(std::min(count, max_hosts));
}

Result<Hostfile> HostfileReader::finish(HostfileDialect dialect) && {
  if (errors_.empty()) return std::move(file_);
  for (Problem& problem : errors_)
    if (problem.hint.empty()) problem.hint = usual_line(dialect);
  const std::size_t count = errors_.size() + left_out_;
  if (left_out_ > 0)
    errors_.push_back({"", 0, 0, std::to_string(left_out_) + " more problems are not listed", ""});
  const Problem& first = errors_.front();
  std::string message = "hostfile (" + std::string(dialect_name(dialect)) + "): ";
  if (first.line > 0) message += "line " + std::to_string(first.line) + ": ";
  message += first.problem;
  if (count > 1) message += " (and " + std::to_string(count - 1) + " more)";
  return Error{Status::config, std::move(message), std::move(errors_)};
}

void split_user(std::string_view word, HostEntry& host) {
  const std::size_t at = word.find('@');
  const bool both = at != std::string_view::npos && at > 0 && at + 1 < word.size();
  host.user = both ? word.substr(0, at) : "";
  host.name = both ? word.substr(at + 1) : word;
}

void warn_bad_name(const HostEntry& host, std::size_t column, std::string_view launcher,
                   HostfileReader& reader) {
  if (const auto problem = host_name_problem(host.name))
    reader.warn(host.line, column,
                "\"" + visible(host.name) + "\" " + *problem + "; " + std::string(launcher) +
                    " takes it all the same",
                "a machine's name or address alone");
}

Result<Hostfile> parse_hostfile(std::string_view text, HostfileDialect dialect) {
  HostfileReader reader;
  // The other lines are about as long as the first one.
  reader.reserve(text.size() / (std::min(text.find('\n'), text.size()) + 1) + 1);
  switch (dialect) {
    case HostfileDialect::dtenv:
      parse_dtenv_hostfile(text, reader);
      break;
    case HostfileDialect::deepspeed:
      parse_deepspeed_hostfile(text, reader);
      break;
    case HostfileDialect::openmpi:
    case HostfileDialect::openmpi5:
      parse_openmpi_hostfile(text, dialect == HostfileDialect::openmpi5, reader);
      break;
    case HostfileDialect::hydra:
    case HostfileDialect::intelmpi:
      parse_hydra_hostfile(text, dialect == HostfileDialect::intelmpi, reader);
      break;
    case HostfileDialect::slurm:
      parse_slurm_nodes(text, reader);
      break;
    case HostfileDialect::torchrun:
      parse_torchrun_nodes(text, reader);
      break;
  }
  return std::move(reader).finish(dialect);
}

}  // namespace dtenv
