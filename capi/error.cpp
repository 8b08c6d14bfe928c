#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <memory>

#include "base/text.hpp"
#include "engine/report.hpp"
#include "guard.hpp"
#include "texts.hpp"

/// Plain memory, made by malloc: reading it takes no lock and survives a fork.
struct dtenv_error {
  dtenv_status status;
  const char* message;
  const char* json;
};

namespace dtenv::capi {
namespace {

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};
using OwnedText = std::unique_ptr<char, FreeText>;

// Given out when there is no memory for another one, so it is never freed.
constinit dtenv_error no_memory = {
    DTENV_E_NOMEM, "out of memory",
    R"({"status":"NOMEM","message":"out of memory","host":"","step":"","detail":[]})"};

}  // namespace

dtenv_status report(const Error& error, dtenv_error** slot) {
  const auto status = static_cast<dtenv_status>(error.status);
  if (slot == nullptr) return status;
  try {
    OwnedText message(give_text(to_utf8(error.message)));
    OwnedText text(give_text(boost::json::serialize(error_json(error))));
    *slot = new dtenv_error{status, message.release(), text.release()};
    return status;
  } catch (const std::bad_alloc&) {
    return report_no_memory(slot);
  }
}

dtenv_status report_no_memory(dtenv_error** slot) {
  if (slot != nullptr) *slot = &no_memory;
  return DTENV_E_NOMEM;
}

dtenv_status report_bug(const char* what, dtenv_error** slot) {
  try {
    return report(Error{Status::internal, std::string("a bug in dtenv: ") + what}, slot);
  } catch (const std::bad_alloc&) {
    return report_no_memory(slot);
  }
}

}  // namespace dtenv::capi

dtenv_status dtenv_error_status(const dtenv_error* error) {
  return error == nullptr ? static_cast<dtenv_status>(DTENV_OK) : error->status;
}

const char* dtenv_error_message(const dtenv_error* error) {
  return error == nullptr ? "" : error->message;
}

const char* dtenv_error_json(const dtenv_error* error) {
  return error == nullptr ? "{}" : error->json;
}

void dtenv_error_free(dtenv_error* error) {
  if (error == nullptr || error == &dtenv::capi::no_memory) return;
  const dtenv::capi::OwnedText message(const_cast<char*>(error->message));
  const dtenv::capi::OwnedText text(const_cast<char*>(error->json));
  delete error;
}
