#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace dtenv {

/// A value, or why there is none. Everything the world can cause travels as one of these.
template <class T>
using Result = boost::system::result<T, Error>;

/// Found by boost::system::result when value() is asked of an error: a bug, not a result.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("value() of an error: " + error.message);
}

}  // namespace dtenv

// `DT_TRY(call)`: leave with its error, or go on. `DT_TRY_ASSIGN(auto x, call)`: and keep its
// value. The DT_CO_ forms are for coroutines; g++ 12 needs the awaited result in a variable of its
// own.
#define DT_CONCAT_INNER(a, b) a##b
#define DT_CONCAT(a, b) DT_CONCAT_INNER(a, b)
#define DT_TRY_IMPL(name, call, leave) \
  auto name = (call);                  \
  if (!(name).has_value()) leave std::move(name).error()
#define DT_TRY_ASSIGN_IMPL(name, target, call, leave) \
  DT_TRY_IMPL(name, call, leave);                     \
  target = std::move(*(name))
#define DT_TRY(call) DT_TRY_IMPL(DT_CONCAT(dt_try_, __LINE__), call, return )
#define DT_TRY_ASSIGN(target, call) \
  DT_TRY_ASSIGN_IMPL(DT_CONCAT(dt_try_, __LINE__), target, call, return )
#define DT_CO_TRY(call) DT_TRY_IMPL(DT_CONCAT(dt_try_, __LINE__), call, co_return )
#define DT_CO_TRY_ASSIGN(target, call) \
  DT_TRY_ASSIGN_IMPL(DT_CONCAT(dt_try_, __LINE__), target, call, co_return )
