/* A callback may call back into the library, free its session even; what would wait for itself is
 * STATE. user_data is released once, after its last use. */
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "check.h"
#include "jobs.h"

struct host {
  dtenv_session* session;
  _Atomic(dtenv_job*) job; /* its first events may come before start_apply() has returned */
  int frees_session;
  atomic_int calls;
  atomic_int inside;
  atomic_int released;
  sem_t finished;
  sem_t gone;
};

static void on_event(const char* event_json, void* user_data) {
  struct host* host = user_data;
  dtenv_job* job = NULL;
  char* text = NULL;
  int32_t fd = -1;
  CHECK(host->released == 0);
  CHECK(++host->inside == 1); /* one at a time */
  ++host->calls;
  CHECK_STATUS(DTENV_OK, dtenv_session_dump(host->session, &text, NULL));
  dtenv_free(text);
  CHECK_STATUS(DTENV_OK, dtenv_session_fd(host->session, &fd, NULL));
  CHECK_STATUS(DTENV_E_STATE, dtenv_session_next_event(host->session, -1, &text, NULL));
  CHECK_STATUS(DTENV_E_STATE, dtenv_session_shutdown(host->session, 0, NULL));
  job = host->job;
  if (job != NULL) CHECK_STATUS(DTENV_E_STATE, dtenv_job_wait(job, -1, NULL));
  if (strstr(event_json, "\"job.finished\"") != NULL) {
    if (host->frees_session) {
      dtenv_session_free(host->session);
      CHECK_STATUS(DTENV_E_INVALID, dtenv_session_fd(host->session, &fd, NULL));
    }
    sem_post(&host->finished);
  }
  --host->inside;
}

static void on_release(void* user_data) {
  struct host* host = user_data;
  CHECK(host->inside == 0);
  CHECK(++host->released == 1);
  sem_post(&host->gone);
}

static void follow(int frees_session) {
  struct host host = {.session = open_session(), .frees_session = frees_session};
  sem_init(&host.finished, 0, 0);
  sem_init(&host.gone, 0, 0);
  CHECK_STATUS(DTENV_OK,
               dtenv_session_set_callback(host.session, on_event, &host, on_release, NULL));
  host.job = start_apply(host.session, local_document);
  sem_wait(&host.finished);
  CHECK_STATUS(DTENV_OK, dtenv_job_wait(host.job, 60000, NULL));
  if (!frees_session) {
    CHECK(host.released == 0);
    dtenv_session_free(host.session);
  }
  sem_wait(&host.gone);
  CHECK(host.released == 1 && host.calls > 1);
  dtenv_job_free(host.job);
}

static void count_release(void* user_data) {
  ++*(atomic_int*)user_data;
}

static void ignore_event(const char* event_json, void* user_data) {
  (void)event_json;
  (void)user_data;
}

/* Another callback takes its place, and then none does. */
static void replace(void) {
  dtenv_session* session = open_session();
  atomic_int first = 0;
  atomic_int second = 0;
  CHECK_STATUS(DTENV_OK,
               dtenv_session_set_callback(session, ignore_event, &first, count_release, NULL));
  CHECK_STATUS(DTENV_OK,
               dtenv_session_set_callback(session, ignore_event, &second, count_release, NULL));
  CHECK(first == 1 && second == 0);
  CHECK_STATUS(DTENV_OK, dtenv_session_set_callback(session, NULL, NULL, NULL, NULL));
  CHECK(first == 1 && second == 1);
  dtenv_session_free(session);
  CHECK(first == 1 && second == 1);
  CHECK_STATUS(DTENV_E_INVALID,
               dtenv_session_set_callback(session, ignore_event, &first, count_release, NULL));
  CHECK(first == 1); /* a call that failed does not release */
}

int main(void) {
  follow(0);
  follow(1);
  replace();
  return 0;
}
