/* The host forks while other threads are in the library: no child hangs on a lock that was held,
 * inherited handles are FORKED, and a fresh session works. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { THREADS = 4, FORKS = 100, HANGS_AFTER_S = 20 };

/* GCC 12's sanitizers do not take their allocator's locks over a fork, as glibc does with malloc's:
 * a child that allocates may hang in there for ever. The plain build has such children. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { EVERY_SECOND_CHILD = 0 };
#else
enum { EVERY_SECOND_CHILD = 1 };
#endif

static dtenv_session* shared;
static atomic_int stop;

static void* keep_calling(void* unused) {
  (void)unused;
  while (!stop) {
    char* text = NULL;
    dtenv_session* own = NULL;
    CHECK_STATUS(DTENV_EMPTY, dtenv_session_next_event(shared, 0, &text, NULL));
    CHECK_STATUS(DTENV_OK, dtenv_session_dump(shared, &text, NULL));
    dtenv_free(text);
    CHECK_STATUS(DTENV_OK, dtenv_session_open(NULL, DTENV_API_VERSION, &own, NULL));
    dtenv_session_free(own);
  }
  return NULL;
}

static void be_the_child(int opens_its_own) {
  int32_t fd = -1;
  dtenv_error* error = NULL;
  alarm(HANGS_AFTER_S); /* SIGALRM kills it, which the parent sees */
  CHECK_STATUS(DTENV_E_FORKED, dtenv_session_fd(shared, &fd, NULL));
  CHECK_STATUS(DTENV_E_FORKED, dtenv_session_shutdown(shared, 0, NULL));
  dtenv_session_free(shared);
  if (opens_its_own) {
    dtenv_session* own = NULL;
    char* text = NULL;
    CHECK_STATUS(DTENV_OK, dtenv_session_open(NULL, DTENV_API_VERSION, &own, &error));
    CHECK_STATUS(DTENV_EMPTY, dtenv_session_next_event(own, 0, &text, NULL));
    CHECK_STATUS(DTENV_E_FORKED, dtenv_session_fd(shared, &fd, NULL)); /* still */
    dtenv_session_free(own);
    CHECK_STATUS(DTENV_E_INVALID, dtenv_session_fd(own, &fd, NULL));
  }
  _exit(0);
}

int main(void) {
  pthread_t threads[THREADS];
  int32_t fd = -1;
  int i;
  CHECK_STATUS(DTENV_OK, dtenv_session_open(NULL, DTENV_API_VERSION, &shared, NULL));
  for (i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, keep_calling, NULL) == 0);
  for (i = 0; i < FORKS; ++i) {
    int status = 0;
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) be_the_child(EVERY_SECOND_CHILD * (i % 2));
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) fprintf(stderr, "child %d: signal %d\n", i, WTERMSIG(status));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  stop = 1;
  for (i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK_STATUS(DTENV_OK, dtenv_session_fd(shared, &fd, NULL)); /* the parent's is untouched */
  dtenv_session_free(shared);
  return 0;
}
