/* The assertion of these tests: it also holds in release builds, and says where it did not hold. */
#ifndef DTENV_TESTS_CAPI_CHECK_H
#define DTENV_TESTS_CAPI_CHECK_H

#include <dtenv/dtenv.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      _Exit(1);                                                                 \
    }                                                                           \
  } while (0)

/* A status, as it should be; prints what it is instead. */
#define CHECK_STATUS(wanted, call)                                          \
  do {                                                                      \
    const dtenv_status check_got = (call);                                  \
    if (check_got != (wanted)) {                                            \
      fprintf(stderr, "%s:%d: %s: %s, not %s\n", __FILE__, __LINE__, #call, \
              dtenv_status_name(check_got), dtenv_status_name(wanted));     \
      _Exit(1);                                                             \
    }                                                                       \
  } while (0)

#endif
