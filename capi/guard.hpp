#pragma once

#include <cxxabi.h>

#include <boost/system/system_error.hpp>
#include <exception>
#include <new>
#include <system_error>

#include "base/result.hpp"
#include "dtenv/dtenv.h"

namespace dtenv::capi {

/// Puts the error where the caller wants it (nowhere, if `slot` is NULL) and gives its status.
dtenv_status report(const Error& error, dtenv_error** slot);
dtenv_status report_no_memory(dtenv_error** slot);
dtenv_status report_bug(const char* what, dtenv_error** slot);

inline Status outcome(const Result<void>&) {
  return Status::ok;
}
inline Status outcome(const Result<Status>& result) {
  return *result;
}

/// Every entry point is one `return guard(error, body)`: what `body` returns or throws becomes a
/// status. It is not noexcept: pthread_cancel in the host unwinds through us as an exception of its
/// own, which must go on.
template <class Body>
dtenv_status guard(dtenv_error** error, Body body) {
  try {
    const auto result = body();
    if (!result) return report(result.error(), error);
    if (error != nullptr) *error = nullptr;
    return static_cast<dtenv_status>(outcome(result));
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (const std::bad_alloc&) {
    return report_no_memory(error);
  } catch (const std::system_error& failed) {  // a thread, or the loop's own descriptors
    return report(io_error("a session's thread", failed.code().value()), error);
  } catch (const boost::system::system_error& failed) {
    return report(io_error("a session's loop", failed.code().value()), error);
  } catch (const std::exception& bug) {
    return report_bug(bug.what(), error);
  } catch (...) {
    return report_bug("an exception of no known type", error);
  }
}

}  // namespace dtenv::capi
