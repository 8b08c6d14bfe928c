#include <algorithm>

#include "base/text.hpp"
#include "base/text_writer.hpp"
#include "formats/host_name.hpp"
#include "formats/hostfile.hpp"
#include "formats/hostfile_range.hpp"
#include "formats/name_index.hpp"

namespace dtenv {

namespace {

void add_field(TextWriter& text, std::string_view key, std::int64_t value) {
  text.put(" ").put(key).put("=").put(value);
}

std::string quoted(const std::string& value) {
  const bool bare = !value.empty() && value.find_first_of(" \t=\"#/*") == std::string::npos;
  return bare ? value : "\"" + value + "\"";
}

void add_dtenv_line(TextWriter& text, const HostEntry& host) {
  if (is_ipv6(host.name))
    text.put("[").put(host.name).put("]");
  else
    text.put(host.name);
  if (host.slots)
    add_field(text, "slots", *host.slots);
  else
    text.put(" slots=auto");
  if (host.max_slots) add_field(text, "max_slots", *host.max_slots);
  if (host.port) add_field(text, "port", *host.port);
  if (!host.user.empty()) text.put(" user=").put(host.user);
  for (const auto& [key, value] : host.attributes)
    text.put(" ").put(key).put("=").put(quoted(value));
}

void add_openmpi_line(TextWriter& text, const HostEntry& host) {
  text.put(host.name);
  add_field(text, "slots", *host.slots);
  if (host.max_slots) add_field(text, "max_slots", *host.max_slots);
  if (host.port) add_field(text, "port", *host.port);
  if (!host.user.empty()) text.put(" username=").put(host.user);
}

void add_host_line(TextWriter& text, const HostEntry& host, HostfileDialect dialect) {
  switch (dialect) {
    case HostfileDialect::dtenv:
      return add_dtenv_line(text, host);
    case HostfileDialect::openmpi:
    case HostfileDialect::openmpi5:
      return add_openmpi_line(text, host);
    case HostfileDialect::deepspeed:
      text.put(host.name).put(" slots=").put(*host.slots);
      return;
    case HostfileDialect::torchrun:
    case HostfileDialect::slurm:
      text.put(host.name);
      return;
    case HostfileDialect::hydra:
    case HostfileDialect::intelmpi:
      break;
  }
  text.put(host.name).put(":").put(*host.slots);
  if (!host.user.empty()) text.put(" user=").put(host.user);
}

bool is_openmpi(HostfileDialect dialect) {
  return dialect == HostfileDialect::openmpi || dialect == HostfileDialect::openmpi5;
}

bool is_hydra(HostfileDialect dialect) {
  return dialect == HostfileDialect::hydra || dialect == HostfileDialect::intelmpi;
}

/// Slurm and torchrun are given the slots as options.
bool names_alone(HostfileDialect dialect) {
  return dialect == HostfileDialect::slurm || dialect == HostfileDialect::torchrun;
}

/// As nearly every host of nearly every file is: any dialect takes it.
bool is_usual(const HostEntry& host) {
  return host.slots.value_or(0) > 0 && !host.max_slots && host.user.empty() &&
         host.attributes.empty() && is_plain_host_name(host.name);
}

std::optional<std::string> host_problem(const HostEntry& host, HostfileDialect dialect) {
  if (auto problem = host_name_problem(host.name)) return problem;
  if (!host.user.empty())
    if (const auto problem = user_name_problem(host.user)) return "has a user that " + *problem;
  if (host.max_slots && host.slots && *host.max_slots < *host.slots)
    return "has max_slots below its slots";
  for (const auto& [key, value] : host.attributes)
    if (value.find_first_of("\"\r\n") != std::string::npos || !is_utf8(value))
      return "has a value of " + key + " that no line can carry";
  if (dialect == HostfileDialect::dtenv) return std::nullopt;
  if (names_alone(dialect) && host.slots == 0)
    return "has no slots, and a list of names cannot say so: leave it out";
  if (dialect == HostfileDialect::torchrun) return std::nullopt;
  if (is_ipv6(host.name))
    return "is an IPv6 address, which " + std::string(dialect_name(dialect)) +
           " cannot read here: give it a name";
  if (dialect == HostfileDialect::slurm) return std::nullopt;
  if (!host.slots) return "has no number of slots, which this dialect needs";
  if (*host.slots == 0 && is_hydra(dialect))
    return dialect == HostfileDialect::hydra ? "has no slots: Hydra ends in a division by zero"
                                             : "has no slots: Intel MPI forgets such a host";
  return std::nullopt;
}

void note_lost(const HostEntry& host, HostfileDialect dialect, std::vector<std::string>& lost) {
  const auto note = [&](bool is_lost, std::string_view name) {
    if (is_lost && std::find(lost.begin(), lost.end(), name) == lost.end()) lost.emplace_back(name);
  };
  if (dialect == HostfileDialect::dtenv) return;
  if (!names_alone(dialect) && !host.max_slots && !host.port && host.user.empty() &&
      host.attributes.empty())
    return;
  const bool openmpi = is_openmpi(dialect);
  note(names_alone(dialect) && host.slots.has_value(), "slots");
  note(!openmpi && host.max_slots.has_value(), "max_slots");
  note(!openmpi && host.port.has_value(), "port");
  note(!openmpi && !is_hydra(dialect) && !host.user.empty(), "user");
  for (const auto& [key, value] : host.attributes) note(true, key);
}

}  // namespace

Result<RenderedHostfile> render_hostfile(const std::vector<HostEntry>& hosts,
                                         HostfileDialect dialect) {
  RenderedHostfile rendered;
  std::vector<Problem> problems;
  NameIndex names;
  const auto name_of = [&](std::size_t k) -> std::string_view { return hosts[k].name; };
  TextWriter text(hosts.size() * 32);
  const auto fail = [&](std::size_t index, std::string problem) {
    problems.push_back({"/hosts/" + std::to_string(index), 0, 0, std::move(problem), ""});
  };
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const HostEntry& host = hosts[i];
    const auto problem = is_usual(host) ? std::nullopt : host_problem(host, dialect);
    if (problem) {
      fail(i, "\"" + visible(host.name) + "\" " + *problem);
      names.add(host.name, name_of);
    } else if (!names.add_new(host.name, name_of)) {
      fail(i, "\"" + host.name + "\" a second time");
    } else {
      add_host_line(text, host, dialect);
      text.put("\n");
      note_lost(host, dialect, rendered.lost);
    }
  }
  rendered.text = text.take();
  if (problems.empty() && dialect == HostfileDialect::slurm && !hosts.empty()) {
    std::vector<std::string_view> list;
    for (const HostEntry& host : hosts) list.push_back(host.name);
    rendered.text = fold_host_ranges(list) + "\n";
  }
  if (problems.empty()) return rendered;
  std::string message =
      "hostfile (" + std::string(dialect_name(dialect)) + "): " + problems.front().problem;
  return Error{Status::config, std::move(message), std::move(problems)};
}

}  // namespace dtenv
