/* Everything of a process that a library must leave as it found it. */
#ifndef DTENV_TESTS_CAPI_PROCESS_STATE_H
#define DTENV_TESTS_CAPI_PROCESS_STATE_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#define SIGNAL_COUNT 64

struct process_state {
  struct sigaction dispositions[SIGNAL_COUNT + 1];
  sigset_t mask;
  mode_t umask_bits;
  char cwd[4096];
  char locale[1024];
  char zone[64];
  unsigned long environment; /* a sum over names, values and order */
  char** environment_at;
  int fds;
  int children;
  struct rlimit limits[RLIMIT_NLIMITS];
};

void read_process_state(struct process_state* state);

/* The first thing that differs, in words; NULL: nothing. */
const char* compare_process_state(const struct process_state* before,
                                  const struct process_state* after);

int count_fds(void);

/* Of every thread that the library made: its name begins with "dtenv". -1: one can take a signal;
 * else how many there are. */
int count_masked_threads(void);

#endif
