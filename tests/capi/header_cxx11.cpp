#include <dtenv/dtenv.h>
#include <dtenv/dtenv.h>  // twice is once

static_assert(sizeof(dtenv_status) == 4, "a status has a fixed width");

dtenv_status header_compiles_as_cxx11(dtenv_session** session, dtenv_error** error);

dtenv_status header_compiles_as_cxx11(dtenv_session** session, dtenv_error** error) {
  return dtenv_session_open(nullptr, DTENV_API_VERSION, session, error);
}
