#include <dtenv/dtenv.h>
#include <dtenv/dtenv.h> /* twice is once */

dtenv_status header_compiles_as_c89(dtenv_session** session, dtenv_error** error);

dtenv_status header_compiles_as_c89(dtenv_session** session, dtenv_error** error) {
  return dtenv_session_open(0, DTENV_API_VERSION, session, error);
}
