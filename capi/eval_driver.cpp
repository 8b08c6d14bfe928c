#include "base/text.hpp"
#include "eval_functions.hpp"
#include "formats/driver_verdict.hpp"
#include "formats/error_catalogue.hpp"

namespace dtenv::capi {
namespace {

DriverSources read_sources(JsonReader& arguments) {
  DriverSources sources;
  for (const auto& source : driver_source_names)
    sources.*source.text = arguments.string(source.name);
  if (auto smi = arguments.object("nvidia_smi")) {
    SmiRun run;
    run.out = smi->string_or("stdout", "");
    run.err = smi->string_or("stderr", "");
    run.exit_code = static_cast<int>(smi->integer_or("exit", 0, 255, 0));
    smi->finish();
    sources.nvidia_smi = std::move(run);
  }
  return sources;
}

json::array strings(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& value : values) out.emplace_back(json::string(to_utf8(value)));
  return out;
}

/// What is not known is null, not an empty word.
json::value known(const std::string& value) {
  if (value.empty()) return nullptr;
  return json::value(json::string(to_utf8(value)));
}

json::value verdict_json(const DriverVerdict& verdict) {
  auto evidence = verdict.evidence;
  for (const auto& warning : verdict.warnings) evidence.push_back("warning: " + warning);
  json::array repair;
  for (const auto& argv : verdict.repair) repair.emplace_back(strings(argv));
  json::object out;
  out["verdict"] = driver_state_name(verdict.state);
  out["flavour"] = known(verdict.flavour);
  out["version"] = known(verdict.version);
  out["recommended"] = known(verdict.recommended);
  out["evidence"] = strings(evidence);
  out["repair"] = std::move(repair);
  out["needs_reboot"] = verdict.needs_reboot;
  return json::value(std::move(out));
}

}  // namespace

Result<json::value> eval_driver_verdict(JsonReader& arguments) {
  const auto sources = read_sources(arguments);
  std::optional<DriverVersion> min_driver;
  if (const auto text = arguments.string("min_driver")) {
    min_driver = parse_driver_version(*text);
    if (!min_driver) arguments.problem("min_driver", "not a driver version such as 525.60.13");
  }
  const auto cuda = arguments.string_or("cuda", "");
  if (!cuda.empty() && !driver_floor(cuda))
    arguments.problem("cuda", "not a version of CUDA such as 12.4");
  const auto wish = driver_wish(min_driver, cuda);
  return verdict_json(driver_verdict(read_driver_facts(sources), wish));
}

Result<json::value> eval_explain(JsonReader& arguments) {
  // An empty text is a text: it matches nothing.
  const auto text =
      arguments.has("text") ? arguments.string_or("text", "") : arguments.required_string("text");
  json::array matches;
  for (const auto* error : explain(text)) {
    json::object match;
    match["id"] = error->id;
    match["cause"] = error->cause;
    match["repair"] = error->repair;
    matches.push_back(std::move(match));
  }
  json::object out;
  out["matches"] = std::move(matches);
  return json::value(std::move(out));
}

}  // namespace dtenv::capi
