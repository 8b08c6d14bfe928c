#include "formats/daemon_json_types.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

namespace dtenv {
namespace {

using Kind = JsonNode::Kind;

class TypeCheck {
 public:
  std::vector<DaemonFault> faults;

  void check(DaemonKeyType type, const JsonNode& value, const JsonPath& path) {
    if (value.is(Kind::null)) return;
    switch (type) {
      case DaemonKeyType::text:
        return want(value, Kind::string, path);
      case DaemonKeyType::boolean:
        return want(value, Kind::boolean, path);
      case DaemonKeyType::whole:
        return whole(value, path);
      case DaemonKeyType::size:
        return value.is(Kind::number) ? whole(value, path) : size(value, path);
      case DaemonKeyType::texts:
        return each(value, Kind::array, Kind::string, path);
      case DaemonKeyType::text_map:
        return each(value, Kind::object, Kind::string, path);
      case DaemonKeyType::boolean_map:
        return each(value, Kind::object, Kind::boolean, path);
      case DaemonKeyType::objects:
        return each(value, Kind::array, Kind::object, path);
      case DaemonKeyType::object_map:
        return each(value, Kind::object, Kind::object, path);
      case DaemonKeyType::object:
        return want(value, Kind::object, path);
    }
  }

 private:
  void want(const JsonNode& value, Kind kind, const JsonPath& path) {
    if (value.is(kind) || value.is(Kind::null)) return;
    faults.push_back({&value, path,
                      std::string(kind_name(kind)) + " expected, " +
                          std::string(kind_name(value.kind)) + " found",
                      kind == Kind::string && value.is(Kind::number)
                          ? "write it as \"" + value.text + "\""
                          : ""});
  }

  void each(const JsonNode& value, Kind outer, Kind inner, JsonPath path) {
    if (!value.is(outer)) return want(value, outer, path);
    path.emplace_back();
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      path.back() = std::to_string(i);
      want(value.items[i], inner, path);
    }
    for (const JsonMember& member : value.members) {
      path.back() = member.key;
      want(member.value, inner, path);
    }
  }

  void whole(const JsonNode& value, const JsonPath& path) {
    if (!value.is(Kind::number)) return want(value, Kind::number, path);
    const std::size_t sign = starts_with(value.text, "-") ? 1 : 0;
    if (!parse_integer(std::string_view(value.text).substr(sign), 0, INT64_MAX))
      faults.push_back(
          {&value, path, "a whole number expected, " + visible(value.text) + " found"});
  }

  void size(const JsonNode& value, const JsonPath& path) {
    if (!value.is(Kind::string)) return want(value, Kind::string, path);
    const auto bytes = parse_size(value.text);
    if (!bytes) faults.push_back({&value, path, bytes.error().message});
  }
};

}  // namespace

std::vector<DaemonFault> type_faults(DaemonKeyType type, const JsonNode& value, JsonPath path) {
  TypeCheck check;
  check.check(type, value, path);
  return std::move(check.faults);
}

}  // namespace dtenv
