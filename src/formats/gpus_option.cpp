#include "formats/gpus_option.hpp"

#include <set>

#include "base/text.hpp"
#include "formats/csv_record.hpp"

namespace dtenv {

namespace {

Error bad(std::string_view value, std::string problem, std::string hint = {}) {
  const std::string message = "gpus \"" + visible(value) + "\": " + problem;
  return {Status::config, message, {{"", 0, 0, std::move(problem), std::move(hint)}}};
}

Result<int> parse_count(std::string_view value, std::string_view text) {
  if (text == "all" || text == "-1") return -1;
  const auto count = parse_integer(text, 0, 1024);
  if (!count)
    return bad(value,
               "invalid count (" + visible(text) + "): value must be either \"all\" or an integer");
  return static_cast<int>(*count);
}

Result<void> take_field(std::string_view value, const std::string& key, const std::string& text,
                        GpuRequest& request) {
  if (key == "driver") {
    request.driver = text;
  } else if (key == "count") {
    DT_TRY_ASSIGN(request.count, parse_count(value, text));
  } else if (key == "device") {
    request.device_ids = split(text, ',');
    for (const std::string& id : request.device_ids)
      if (id.empty()) return bad(value, "an empty device in \"" + visible(text) + "\"");
  } else if (key == "capabilities") {
    request.capabilities = split(text, ',');
    request.capabilities.emplace_back("gpu");
  } else if (key == "options") {
    DT_TRY_ASSIGN(const auto options, parse_csv_record(text));
    for (const std::string& option : options) {
      const std::size_t equals = option.find('=');
      request.options[option.substr(0, equals)] =
          equals == std::string::npos ? "" : option.substr(equals + 1);
    }
  } else {
    const auto near = nearest(key, {"driver", "count", "device", "capabilities", "options"});
    return bad(value,
               "unexpected key '" + visible(key) + "' in '" + visible(key + "=" + text) + "'",
               near ? "did you mean \"" + *near + "\"?" : "");
  }
  return {};
}

}  // namespace

Result<GpuRequest> parse_gpus(std::string_view value) {
  if (trim(value).empty()) return bad(value, "empty", "write all, a number, or \"device=0,1\"");
  auto fields = parse_csv_record(value);
  if (!fields) return bad(value, fields.error().message);
  GpuRequest request;
  std::set<std::string> seen;
  for (const std::string& field : *fields) {
    const std::size_t equals = field.find('=');
    const bool bare = equals == std::string::npos;
    const std::string key = bare ? "count" : field.substr(0, equals);
    // A bare word is the count: after an unquoted device=0 it is the list torn apart.
    if (bare && seen.count("device") > 0)
      return bad(value, "cannot set both Count and DeviceIDs on device request",
                 "the comma separates fields: quote the list, '\"device=0,1\"'");
    if (!seen.insert(key).second)
      return bad(value, "gpu request key '" + visible(key) + "' can be specified only once");
    DT_TRY(take_field(value, key, bare ? field : field.substr(equals + 1), request));
  }
  if (seen.count("count") > 0 && seen.count("device") > 0)
    return bad(value, "cannot set both Count and DeviceIDs on device request");
  if (seen.count("count") == 0 && seen.count("device") == 0) request.count = 1;
  if (request.capabilities.empty()) request.capabilities = {"gpu"};
  return request;
}

Result<GpuRequest> parse_gpus_of_document(std::string_view value) {
  const std::string_view list = value.substr(0, value.find('='));
  if (list == "device" && value.find('"') == std::string_view::npos &&
      value.find('=', list.size() + 1) == std::string_view::npos)
    return parse_gpus("\"" + std::string(value) + "\"");
  return parse_gpus(value);
}

}  // namespace dtenv
