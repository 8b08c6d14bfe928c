#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/version.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/session.hpp"
#include "eval.hpp"
#include "guard.hpp"

namespace dtenv::capi {
namespace {

namespace json = boost::json;

std::vector<std::string> features() {
  std::vector<std::string> names = {"host.local", "host.ssh", "host.container"};
  for (const std::string& kind : step_kinds()) names.push_back("step." + kind);
  for (const std::string& function : eval_names()) names.push_back("eval." + function);
  return names;
}

std::string build_info() {
  json::array names;
  for (const std::string& feature : features()) names.push_back(json::string(feature));
  json::object info;
  info["version"] = DTENV_VERSION;
  info["api_version"] = DTENV_API_VERSION;
  info["compiler"] = "gcc " __VERSION__;
  info["build"] = DTENV_BUILD_TYPE;
  info["boost"] = BOOST_LIB_VERSION;
  info["curl"] = DTENV_CURL_VERSION;
  info["archive"] = DTENV_ARCHIVE_VERSION;
  info["openssl"] = DTENV_OPENSSL_VERSION;
  info["features"] = std::move(names);
  return json::serialize(info);
}

}  // namespace
}  // namespace dtenv::capi

using namespace dtenv;
using namespace dtenv::capi;

int32_t dtenv_api_version() {
  return DTENV_API_VERSION;
}

const char* dtenv_version() {
  return DTENV_VERSION;
}

const char* dtenv_build_info() {
  const char* text = "{}";  // what is left without memory
  guard(nullptr, [&]() -> Result<void> {
    // Never destroyed: calls during exit() stay safe.
    static const std::string& info = *new std::string(build_info());
    text = info.c_str();
    return {};
  });
  return text;
}

int32_t dtenv_has_feature(const char* name) {
  int32_t found = 0;
  guard(nullptr, [&]() -> Result<void> {
    if (name == nullptr) return {};
    for (const std::string& feature : features())
      if (feature == name) found = 1;
    return {};
  });
  return found;
}

const char* dtenv_status_name(dtenv_status status) {
  return status_name(static_cast<Status>(status)).data();
}

void dtenv_free(void* memory) {
  std::free(memory);
}
