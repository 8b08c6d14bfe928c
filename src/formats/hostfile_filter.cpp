#include "formats/hostfile_filter.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/text.hpp"
#include "formats/hostfile_range.hpp"

namespace dtenv {

namespace {

/// What a filter says of one host.
struct Selection {
  bool all = false;
  std::set<std::int64_t> slots;
};

using Selections = std::unordered_map<std::string, Selection>;

class FilterParser {
 public:
  FilterParser(std::string_view key, const std::vector<HostEntry>& hosts)
      : key_(key), hosts_(hosts) {
    for (const HostEntry& host : hosts) slots_.emplace(host.name, host.slots);
  }
  Result<Selections> parse(std::string_view filter);

 private:
  void parse_node(std::string_view node, std::size_t column);
  void parse_slots(const std::string& host, std::string_view list, std::size_t column);
  void parse_index(const std::string& host, std::string_view part, std::size_t column);
  void fail(std::size_t column, std::string problem, std::string hint = {});

  std::string_view key_;
  const std::vector<HostEntry>& hosts_;
  std::unordered_map<std::string, std::optional<std::int64_t>> slots_;
  Selections result_;
  std::vector<Problem> problems_;
};

void FilterParser::fail(std::size_t column, std::string problem, std::string hint) {
  problems_.push_back(
      {"/" + std::string(key_), 1, static_cast<int>(column), std::move(problem), std::move(hint)});
}

void FilterParser::parse_index(const std::string& host, std::string_view part, std::size_t column) {
  const std::size_t dash = part.find('-');
  const auto low = parse_integer(part.substr(0, dash), 0, 4095);
  const auto high =
      dash == std::string_view::npos ? low : parse_integer(part.substr(dash + 1), 0, 4095);
  if (!low || !high || *high < *low)
    return fail(column, "\"" + visible(part, 40) + "\": a slot's number expected",
                "host:0,2 or host:0-3");
  const std::int64_t count = slots_.at(host).value_or(0);
  if (*high >= count)
    return fail(column, host + " has no slot " + std::to_string(std::max(*low, count)),
                count == 0 ? "it has none" : "its slots are 0 to " + std::to_string(count - 1));
  for (std::int64_t slot = *low; slot <= *high; ++slot) result_[host].slots.insert(slot);
}

void FilterParser::parse_slots(const std::string& host, std::string_view list, std::size_t column) {
  for (;;) {
    const std::size_t comma = list.find(',');
    parse_index(host, list.substr(0, comma), column);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
    column += comma + 1;
  }
}

void FilterParser::parse_node(std::string_view node, std::size_t column) {
  const std::size_t colon = node.find(':');
  const std::string_view name = node.substr(0, colon);
  if (name.empty()) return fail(column, "no host's name here", "host@host:0,2");
  // A name with brackets that stands in the hostfile as it is wins over the range it looks like.
  auto names = slots_.count(std::string(name)) > 0
                   ? Result<std::vector<std::string>>(std::vector<std::string>{std::string(name)})
                   : expand_host_range(name, hosts_.size() + 1);
  if (!names) return fail(column, names.error().message);
  for (const std::string& host : *names) {
    if (slots_.count(host) == 0) {
      std::vector<std::string> known;
      for (std::size_t i = 0; i < std::min<std::size_t>(hosts_.size(), 256); ++i)
        known.push_back(hosts_[i].name);
      const auto near = nearest(host, known);
      fail(column, "\"" + visible(host) + "\" is not in the hostfile",
           near ? "did you mean \"" + *near + "\"?" : "");
    } else if (colon == std::string_view::npos) {
      result_[host].all = true;
    } else {
      parse_slots(host, node.substr(colon + 1), column + colon + 1);
    }
  }
}

Result<Selections> FilterParser::parse(std::string_view filter) {
  std::size_t column = 1;
  while (!filter.empty()) {
    const std::size_t at = filter.find('@');
    parse_node(filter.substr(0, at), column);
    if (at == std::string_view::npos) break;
    filter.remove_prefix(at + 1);
    column += at + 1;
    if (filter.empty()) fail(column, "no host's name here", "host@host:0,2");
  }
  if (problems_.empty()) return std::move(result_);
  std::string message = std::string(key_) + ": " + problems_.front().problem;
  return Error{Status::config, std::move(message), std::move(problems_)};
}

bool selects(const Selections& selections, const std::string& host, std::int64_t slot) {
  const auto found = selections.find(host);
  return found != selections.end() && (found->second.all || found->second.slots.count(slot) > 0);
}

Result<void> check_hosts(const std::vector<HostEntry>& hosts) {
  for (const HostEntry& host : hosts) {
    if (!host.slots)
      return Error{Status::config,
                   "hosts: the slots of \"" + visible(host.name) + "\" are not known"};
    // Every index is listed: a count that no machine has must not become memory.
    if (*host.slots < 0 || *host.slots > 4096)
      return Error{Status::config,
                   "hosts: \"" + visible(host.name) + "\" has more than 4096 slots"};
  }
  return {};
}

}  // namespace

Result<std::vector<HostSlots>> filter_hosts(const std::vector<HostEntry>& hosts,
                                            std::string_view include, std::string_view exclude) {
  DT_TRY(check_hosts(hosts));
  DT_TRY_ASSIGN(const Selections wanted, FilterParser("include", hosts).parse(include));
  DT_TRY_ASSIGN(const Selections unwanted, FilterParser("exclude", hosts).parse(exclude));
  const bool filtered = !include.empty() || !exclude.empty();
  std::vector<HostSlots> result;
  for (const HostEntry& host : hosts) {
    HostSlots kept{host.name, {}};
    for (std::int64_t slot = 0; slot < *host.slots; ++slot)
      if ((include.empty() || selects(wanted, host.name, slot)) &&
          !selects(unwanted, host.name, slot))
        kept.slots.push_back(slot);
    if (!filtered || !kept.slots.empty()) result.push_back(std::move(kept));
  }
  return result;
}

}  // namespace dtenv
