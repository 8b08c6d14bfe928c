#include "exit_code.hpp"

#include <dtenv/dtenv.h>

namespace command {

// The numbers follow sysexits.h where it has one; never 255 (ssh's own), never 0 where something
// failed.
int exit_code_of(std::int32_t status) {
  switch (status) {
    case DTENV_OK:
    case DTENV_EMPTY:
      return 0;
    case DTENV_E_COMMAND:
      return 1;
    case DTENV_E_INVALID:
    case DTENV_E_CONFIG:
      return 64;
    case DTENV_E_PLAN_STALE:
    case DTENV_E_VERIFY:
      return 65;
    case DTENV_E_HOST:
      return 69;
    case DTENV_E_NOMEM:
      return 71;
    case DTENV_E_REFUSED:
      return 73;
    case DTENV_E_IO:
      return exit_cannot_write;
    case DTENV_E_TIMEOUT:
      return 75;
    case DTENV_E_PARTIAL:
      return 76;
    case DTENV_E_NOT_FOUND:
    case DTENV_E_UNSUPPORTED:
      return 78;
    case DTENV_E_CANCELLED:
      return 130;
    default:
      return 70;  // STATE, VERSION, CHILD_LOST, FORKED, INTERNAL, and what a newer library adds
  }
}

std::string exit_code_text() {
  return "Exit codes:\n"
         "    0  done, or nothing to change\n"
         "    1  a program ran on a machine and failed\n"
         "    2  the command line makes no sense\n"
         "    3  plan --exit-code: changes are pending\n"
         "   64  the document, the arguments or the hostfile (hostfile doctor) are wrong\n"
         "   65  the machines are not as they should be (verify), or not as the plan knew them "
         "(apply --plan);\n       a launcher misreads the hostfile\n"
         "   66  a file given cannot be read\n"
         "   69  a machine cannot be reached\n"
         "   70  a fault inside dtenv\n"
         "   71  out of memory\n"
         "   73  refused: it would disrupt what runs, and the document's `allow` does not name it\n"
         "   74  a file cannot be written or read on the way\n"
         "   75  out of time\n"
         "   76  partial: some machines are done, others failed\n"
         "   78  something needed is missing or not supported\n"
         "  130  cancelled (128 + the signal's number)\n";
}

}  // namespace command
