#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "engine/session.hpp"
#include "guard.hpp"
#include "texts.hpp"

using namespace dtenv;
using namespace dtenv::capi;

dtenv_status dtenv_step_kinds(char** out_json, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY(check_out("out_json", out_json));
    boost::json::array kinds;
    for (const std::string& kind : step_kinds()) kinds.push_back(boost::json::string(kind));
    boost::json::object list;
    list["kinds"] = std::move(kinds);
    *out_json = give_text(boost::json::serialize(list));
    return {};
  });
}

dtenv_status dtenv_step_schema(const char* kind, char** out_json, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto name, take_text("kind", kind));
    DT_TRY(check_out("out_json", out_json));
    DT_TRY_ASSIGN(const std::string schema, step_schema(name));
    *out_json = give_text(schema);
    return {};
  });
}

dtenv_status dtenv_document_schema(char** out_json, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY(check_out("out_json", out_json));
    *out_json = give_text(document_schema());
    return {};
  });
}

dtenv_status dtenv_validate(const char* environment_json, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto document, take_text("environment_json", environment_json));
    return validate_document(document);
  });
}

dtenv_status dtenv_render(const char* plan_or_report_json, char** out_text, dtenv_error** error) {
  return guard(error, [&]() -> Result<void> {
    DT_TRY_ASSIGN(const auto document, take_text("plan_or_report_json", plan_or_report_json));
    DT_TRY(check_out("out_text", out_text));
    DT_TRY_ASSIGN(const std::string text, render_text(document));
    *out_text = give_text(text);
    return {};
  });
}
