/* Events: pollable, in order, the last one says that the job has finished. */
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "jobs.h"

static void* wake(void* session) {
  CHECK_STATUS(DTENV_OK, dtenv_session_wakeup(session, NULL));
  return NULL;
}

static long sequence_of(const char* event) {
  long sequence = 0;
  const char* at = strstr(event, "\"seq\":");
  CHECK(at != NULL && sscanf(at, "\"seq\":%ld", &sequence) == 1);
  return sequence;
}

static void follow(dtenv_session* session) {
  struct pollfd entry = {.fd = -1, .events = POLLIN};
  long last = 0;
  int finished = 0;
  CHECK_STATUS(DTENV_OK, dtenv_session_fd(session, &entry.fd, NULL));
  while (!finished) {
    char* event = NULL;
    CHECK(poll(&entry, 1, 60000) == 1);
    while (dtenv_session_next_event(session, 0, &event, NULL) == DTENV_OK) {
      CHECK(!finished);
      CHECK(event[0] == '{' && strchr(event, '\n') == NULL);
      CHECK(sequence_of(event) > last);
      last = sequence_of(event);
      finished = strstr(event, "\"type\":\"job.finished\"") != NULL;
      dtenv_free(event);
    }
  }
  CHECK(poll(&entry, 1, 0) == 0); /* an empty queue is not readable */
}

int main(void) {
  dtenv_session* session = open_session();
  dtenv_job* job;
  char* text = NULL;
  pthread_t waker;
  int i;

  CHECK_STATUS(DTENV_EMPTY, dtenv_session_next_event(session, 0, &text, NULL));
  CHECK_STATUS(DTENV_EMPTY, dtenv_session_next_event(session, 20, &text, NULL));
  CHECK(pthread_create(&waker, NULL, wake, session) == 0);
  CHECK_STATUS(DTENV_EMPTY, dtenv_session_next_event(session, -1, &text, NULL));
  CHECK(pthread_join(waker, NULL) == 0);

  for (i = 0; i < 2; ++i) {
    job = start_apply(session, local_document);
    follow(session);
    CHECK_STATUS(DTENV_OK, dtenv_job_wait(job, -1, NULL));
    dtenv_job_free(job);
  }

  CHECK_STATUS(DTENV_OK, dtenv_session_shutdown(session, 0, NULL));
  CHECK_STATUS(DTENV_OK, dtenv_session_shutdown(session, 0, NULL));
  CHECK_STATUS(DTENV_E_STATE, dtenv_check(session, local_document, &job, NULL));
  CHECK_STATUS(DTENV_EMPTY, dtenv_session_next_event(session, 0, &text, NULL));
  dtenv_session_free(session);
  return 0;
}
