/* A host that ignores SIGCHLD, or reaps whatever it finds: jobs still end, and what was lost is
 * called lost or a failure, never a hang and never somebody else's success. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"
#include "jobs.h"

static atomic_int stop;
static atomic_int reaped;

static void* reap_everything(void* unused) {
  (void)unused;
  while (!stop)
    if (waitpid(-1, NULL, WNOHANG) > 0) ++reaped;
  return NULL;
}

/* It must end. With its children's outcomes lost it can hardly end well, but a child may be gone
 * before anybody asks, so OK is possible with a reaper. */
static void apply_and_end(int reaper) {
  dtenv_session* session = open_session();
  dtenv_job* job = start_apply(session, local_document);
  dtenv_error* error = NULL;
  const dtenv_status status = dtenv_job_wait(job, 30000, &error);
  int32_t state = 0;
  CHECK_STATUS(DTENV_OK, dtenv_job_get_state(job, &state, NULL));
  CHECK(state >= DTENV_JOB_SUCCEEDED);
  if (!reaper) CHECK_STATUS(DTENV_E_CHILD_LOST, status);
  if (status != DTENV_OK) CHECK_STATUS(DTENV_E_CHILD_LOST, status);
  dtenv_error_free(error);
  dtenv_job_free(job);
  dtenv_session_free(session);
}

/* Cancelling works all the same. */
static void cancel_and_end(void) {
  dtenv_session* session = open_session();
  dtenv_job* job = start_apply(session, stuck_document());
  CHECK_STATUS(DTENV_E_TIMEOUT, dtenv_job_wait(job, 200, NULL));
  CHECK_STATUS(DTENV_OK, dtenv_job_cancel(job, 0, NULL));
  CHECK_STATUS(DTENV_E_CANCELLED, dtenv_job_wait(job, 5000, NULL));
  dtenv_job_free(job);
  dtenv_session_free(session);
}

int main(void) {
  pthread_t reaper;

  signal(SIGCHLD, SIG_IGN);
  apply_and_end(0);
  cancel_and_end();
  signal(SIGCHLD, SIG_DFL);

  CHECK(pthread_create(&reaper, NULL, reap_everything, NULL) == 0);
  apply_and_end(1);
  cancel_and_end();
  stop = 1;
  CHECK(pthread_join(reaper, NULL) == 0);

  CHECK_STATUS(DTENV_OK, apply_once(local_document)); /* and then all is well again */
  return 0;
}
