/* 50 sessions from 8 threads at once: nothing global is made twice or torn down too early. */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum { THREADS = 8, SESSIONS = 50 };

static atomic_int opened;

static void* open_some(void* unused) {
  (void)unused;
  while (++opened <= SESSIONS) {
    dtenv_session* session = NULL;
    char* text = NULL;
    CHECK_STATUS(DTENV_OK, dtenv_session_open("{\"max_parallel_hosts\": 2}", DTENV_API_VERSION,
                                              &session, NULL));
    CHECK_STATUS(DTENV_OK, dtenv_session_set_secret(session, "token", "s3cr3t-value", NULL));
    CHECK_STATUS(DTENV_EMPTY, dtenv_session_next_event(session, 1, &text, NULL));
    CHECK_STATUS(DTENV_OK, dtenv_step_kinds(&text, NULL));
    dtenv_free(text);
    CHECK(dtenv_build_info()[0] == '{');
    dtenv_session_free(session);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  int i;
  for (i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, open_some, NULL) == 0);
  for (i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  return 0;
}
