/* A handle that is stale, foreign or freed is INVALID, never a crash. */
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "jobs.h"

static dtenv_session* session_of(uintptr_t value) {
  return (dtenv_session*)value;
}

static void expect_invalid_session(dtenv_session* session) {
  int32_t fd = -2;
  char* text = NULL;
  dtenv_job* job = NULL;
  dtenv_error* error = NULL;
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_fd(session, &fd, &error));
  CHECK(dtenv_error_status(error) == DTENV_E_INVALID);
  CHECK(strstr(dtenv_error_json(error), "\"status\":\"INVALID\"") != NULL);
  dtenv_error_free(error);
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_next_event(session, -1, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_wakeup(session, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_shutdown(session, 0, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_set_callback(session, NULL, NULL, NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_set_secret(session, "a", "b", NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_dump(session, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_check(session, local_document, &job, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_apply(session, local_document, NULL, &job, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_verify(session, local_document, &job, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_destroy(session, local_document, &job, NULL));
  dtenv_session_free(session);
  CHECK(fd == -2 && text == NULL && job == NULL); /* outputs are left as they were */
}

static void expect_invalid_job(dtenv_job* job) {
  char* text = NULL;
  int32_t state = -2;
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_id(job, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_get_state(job, &state, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_wait(job, -1, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_cancel(job, 0, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_plan(job, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_report(job, &text, NULL));
  dtenv_job_free(job);
  CHECK(text == NULL && state == -2);
}

static void wrong_numbers(dtenv_session* session, dtenv_job* job) {
  char* text = NULL;
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_next_event(session, -2, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_shutdown(session, -1, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_wait(job, -2, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_job_cancel(job, -1, NULL));
}

static void versions(void) {
  dtenv_session* session = NULL;
  dtenv_error* error = NULL;
  CHECK_STATUS(DTENV_E_VERSION, dtenv_session_open(NULL, 1000000, &session, &error));
  CHECK(strstr(dtenv_error_message(error), "1000000") != NULL);
  dtenv_error_free(error);
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_open(NULL, 0, &session, NULL));
  CHECK_STATUS(DTENV_E_CONFIG, dtenv_session_open("{\"max_events\": \"x\"}", 1, &session, NULL));
  CHECK_STATUS(DTENV_E_CONFIG, dtenv_session_open("{\"max_event\": 20}", 1, &session, &error));
  CHECK(strstr(dtenv_error_json(error), "max_events") != NULL); /* the nearest name */
  dtenv_error_free(error);
  CHECK(session == NULL);
}

static void* wait_for_event(void* session) {
  char* text = NULL;
  const dtenv_status status = dtenv_session_next_event(session, -1, &text, NULL);
  CHECK(status == DTENV_EMPTY || status == DTENV_E_INVALID);
  CHECK(text == NULL);
  return NULL;
}

/* To free a session ends every wait in it. */
static void free_while_waiting(void) {
  pthread_t threads[8];
  int round;
  int i;
  for (round = 0; round < 20; ++round) {
    dtenv_session* session = open_session();
    for (i = 0; i < 8; ++i) CHECK(pthread_create(&threads[i], NULL, wait_for_event, session) == 0);
    dtenv_session_free(session);
    for (i = 0; i < 8; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  }
}

int main(void) {
  dtenv_session* session = open_session();
  dtenv_session* other = open_session();
  dtenv_job* job = start_apply(session, local_document);
  char* report = NULL;
  int on_stack = 0;

  CHECK(session != other);
  wrong_numbers(session, job);
  CHECK_STATUS(DTENV_OK, dtenv_job_wait(job, 60000, NULL));

  expect_invalid_session(NULL);
  expect_invalid_session((dtenv_session*)&on_stack);
  expect_invalid_session((dtenv_session*)job);
  expect_invalid_session(session_of((uintptr_t)session + 16 * 1000));
  expect_invalid_session(session_of((uintptr_t)session + 1));
  expect_invalid_session(session_of(UINTPTR_MAX));
  expect_invalid_job(NULL);
  expect_invalid_job((dtenv_job*)session);
  expect_invalid_job((dtenv_job*)&on_stack);

  dtenv_session_free(session);
  expect_invalid_session(session);

  /* A job outlives its session. */
  CHECK_STATUS(DTENV_OK, dtenv_job_report(job, &report, NULL));
  CHECK(strstr(report, "\"here\"") != NULL);
  dtenv_free(report);
  dtenv_job_free(job);
  expect_invalid_job(job);

  dtenv_session_free(other);
  free_while_waiting();
  versions();
  return 0;
}
