#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/text.hpp"
#include "eval_functions.hpp"
#include "formats/hostfile.hpp"
#include "formats/hostfile_doctor.hpp"
#include "formats/hostfile_filter.hpp"

namespace dtenv::capi {
namespace {

HostfileDialect read_dialect(JsonReader& arguments) {
  if (!arguments.has("dialect")) arguments.problem("dialect", "missing");
  const std::string name = arguments.one_of(
      "dialect",
      {"dtenv", "deepspeed", "openmpi", "openmpi5", "hydra", "intelmpi", "slurm", "torchrun"},
      "dtenv");
  return parse_dialect(name).value_or(HostfileDialect::dtenv);
}

/// A hostfile's text may hold a NUL, which is the parser's to point at; bytes that no JSON can
/// carry come as `base64`.
std::string read_text(JsonReader& arguments) {
  if (const auto encoded = arguments.string("base64")) {
    auto bytes = base64_decode(*encoded);
    if (!bytes) arguments.problem("base64", "no base64");
    if (arguments.has("text")) arguments.problem("base64", "either text or base64");
    return bytes.value_or("");
  }
  const JsonNode* text = arguments.value("text");
  if (text && text->is(JsonNode::Kind::string)) return text->text;
  arguments.problem("text", text ? "a string expected" : "missing");
  return {};
}

std::optional<std::int64_t> read_slots(JsonReader& host) {
  const JsonNode* found = host.value("slots");
  if (!found || (found->is(JsonNode::Kind::string) && found->text == "auto")) return std::nullopt;
  return host.integer("slots", 0, 4096);
}

std::vector<HostEntry> read_hosts(JsonReader& arguments) {
  if (!arguments.has("hosts")) arguments.problem("hosts", "missing");
  std::vector<HostEntry> hosts;
  for (JsonReader& reader : arguments.objects("hosts")) {
    HostEntry host;
    host.name = reader.required_string("name");
    host.slots = read_slots(reader);
    host.max_slots = reader.integer("max_slots", 0, 4096);
    if (const auto port = reader.integer("port", 1, 65535)) host.port = static_cast<int>(*port);
    host.user = reader.string_or("user", "");
    host.attributes = reader.string_map("attributes");
    reader.finish();
    hosts.push_back(std::move(host));
  }
  return hosts;
}

json::object show(const HostEntry& host) {
  json::object object;
  object["name"] = to_utf8(host.name);
  if (host.slots)
    object["slots"] = *host.slots;
  else
    object["slots"] = "auto";
  if (host.max_slots) object["max_slots"] = *host.max_slots;
  if (host.port) object["port"] = *host.port;
  if (!host.user.empty()) object["user"] = to_utf8(host.user);
  if (host.attributes.empty()) return object;
  json::object attributes;
  for (const auto& [key, value] : host.attributes) attributes[key] = to_utf8(value);
  object["attributes"] = std::move(attributes);
  return object;
}

json::array show(const std::vector<std::string>& words) {
  json::array list;
  for (const std::string& word : words) list.emplace_back(json::string(word));
  return list;
}

json::object show(const Problem& warning) {
  json::object object;
  object["line"] = warning.line;
  object["column"] = warning.column;
  object["problem"] = warning.problem;
  if (!warning.hint.empty()) object["hint"] = warning.hint;
  return object;
}

std::string_view kind_name(HostfileVerdict::Kind kind) {
  if (kind == HostfileVerdict::Kind::ok) return "ok";
  return kind == HostfileVerdict::Kind::misread ? "misread" : "refused";
}

json::object show(const HostfileVerdict& verdict) {
  json::object object;
  object["dialect"] = dialect_name(verdict.dialect);
  object["verdict"] = kind_name(verdict.kind);
  std::int64_t slots = 0;
  for (const HostEntry& host : verdict.hosts) slots += host.slots.value_or(0);
  object["hosts"] = verdict.hosts.size();
  object["slots"] = slots;
  json::array findings;
  for (const Problem& finding : verdict.findings) findings.push_back(show(finding));
  object["findings"] = std::move(findings);
  if (verdict.rewritten.empty()) return object;
  object["rewritten"] = verdict.rewritten;
  object["lost"] = show(verdict.lost);
  return object;
}

}  // namespace

Result<json::value> eval_hostfile_doctor(JsonReader& arguments) {
  const std::string text = read_text(arguments);
  DT_TRY(arguments.result("hostfile.doctor"));
  const HostfileDiagnosis diagnosis = diagnose_hostfile(text);
  json::array verdicts;
  for (const HostfileVerdict& verdict : diagnosis.verdicts) verdicts.push_back(show(verdict));
  json::object result;
  result["read_as"] = nullptr;
  if (diagnosis.meaning) result["read_as"] = dialect_name(diagnosis.meaning->dialect);
  result["verdicts"] = std::move(verdicts);
  return json::value(std::move(result));
}

Result<json::value> eval_hostfile_parse(JsonReader& arguments) {
  const std::string text = read_text(arguments);
  const HostfileDialect dialect = read_dialect(arguments);
  DT_TRY(arguments.result("hostfile.parse"));
  auto file = parse_hostfile(text, dialect);
  if (!file) {
    Error error = std::move(file).error();
    for (Problem& problem : error.detail) problem.pointer = "/text";
    return error;
  }
  json::array hosts;
  for (const HostEntry& host : file->hosts) hosts.push_back(show(host));
  json::array warnings;
  for (const Problem& warning : file->warnings) warnings.push_back(show(warning));
  json::object result;
  result["hosts"] = std::move(hosts);
  result["warnings"] = std::move(warnings);
  return json::value(std::move(result));
}

Result<json::value> eval_hostfile_render(JsonReader& arguments) {
  const std::vector<HostEntry> hosts = read_hosts(arguments);
  const HostfileDialect dialect = read_dialect(arguments);
  DT_TRY(arguments.result("hostfile.render"));
  DT_TRY_ASSIGN(const RenderedHostfile rendered, render_hostfile(hosts, dialect));
  json::object result;
  result["text"] = rendered.text;
  result["lost"] = show(rendered.lost);
  return json::value(std::move(result));
}

Result<json::value> eval_hostfile_filter(JsonReader& arguments) {
  const std::vector<HostEntry> hosts = read_hosts(arguments);
  const std::string include = arguments.string_or("include", "");
  const std::string exclude = arguments.string_or("exclude", "");
  DT_TRY(arguments.result("hostfile.filter"));
  DT_TRY_ASSIGN(const std::vector<HostSlots> kept, filter_hosts(hosts, include, exclude));
  json::array list;
  for (const HostSlots& host : kept) {
    json::array slots;
    for (const std::int64_t slot : host.slots) slots.emplace_back(slot);
    json::object object;
    object["name"] = to_utf8(host.name);
    object["slots"] = std::move(slots);
    list.push_back(std::move(object));
  }
  json::object result;
  result["hosts"] = std::move(list);
  return json::value(std::move(result));
}

}  // namespace dtenv::capi
