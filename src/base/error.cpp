#include "base/error.hpp"

#include <cerrno>
#include <ostream>
#include <system_error>

#include "base/limits.hpp"

namespace dtenv {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::ok:
      return "OK";
    case Status::empty:
      return "EMPTY";
    case Status::invalid:
      return "INVALID";
    case Status::config:
      return "CONFIG";
    case Status::state:
      return "STATE";
    case Status::not_found:
      return "NOT_FOUND";
    case Status::unsupported:
      return "UNSUPPORTED";
    case Status::version:
      return "VERSION";
    case Status::nomem:
      return "NOMEM";
    case Status::io:
      return "IO";
    case Status::host:
      return "HOST";
    case Status::command:
      return "COMMAND";
    case Status::plan_stale:
      return "PLAN_STALE";
    case Status::verify:
      return "VERIFY";
    case Status::timeout:
      return "TIMEOUT";
    case Status::cancelled:
      return "CANCELLED";
    case Status::child_lost:
      return "CHILD_LOST";
    case Status::forked:
      return "FORKED";
    case Status::internal:
      return "INTERNAL";
    case Status::refused:
      return "REFUSED";
    case Status::partial:
      return "PARTIAL";
  }
  return "UNKNOWN";
}

std::ostream& operator<<(std::ostream& out, Status status) {
  return out << status_name(status);
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
  out << error.status << ": " << error.message;
  for (const Problem& item : error.detail) {
    out << " (";
    if (item.line > 0) out << "line " << item.line << ", column " << item.column << ": ";
    if (!item.pointer.empty()) out << item.pointer << ": ";
    out << item.problem;
    if (!item.hint.empty()) out << "; " << item.hint;
    out << ")";
  }
  return out;
}

Error io_error(std::string_view what, int errnum) {
  const Status status = errnum == ENOMEM ? Status::nomem : Status::io;
  return {status,
          std::string(what) + ": " + std::generic_category().message(errnum) + limit_words(errnum)};
}

}  // namespace dtenv
