#pragma once

#include <doctest/doctest.h>

#include <sstream>

#include "base/result.hpp"

/// Lets CHECK(result) print an error in full and a value as "a value".
namespace doctest {
template <class T>
struct StringMaker<boost::system::result<T, dtenv::Error>> {
  static String convert(const boost::system::result<T, dtenv::Error>& result) {
    if (result.has_value()) return "a value";
    std::ostringstream text;
    text << result.error();
    return text.str().c_str();
  }
};
}  // namespace doctest

/// Ends a test case that cannot be tried here; tests/summary.py counts the lines it prints.
#define SKIP_UNLESS(condition, why) \
  if (!(condition)) {               \
    MESSAGE("skipped: " << (why));  \
    return;                         \
  }
