/* A big scheduler has thousands of descriptors open: nothing of ours may use select(). */
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "jobs.h"

enum { LOW = 2000 };

int main(void) {
  struct rlimit limit;
  int32_t fd = -1;
  dtenv_session* session;
  dtenv_job* job;
  struct pollfd entry;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
  CHECK(limit.rlim_cur > LOW + 200 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
  while (fcntl(0, F_DUPFD_CLOEXEC, 3) < LOW) continue;

  session = open_session();
  CHECK_STATUS(DTENV_OK, dtenv_session_fd(session, &fd, NULL));
  CHECK(fd > LOW);
  job = start_apply(session, local_document);
  entry.fd = fd;
  entry.events = POLLIN;
  CHECK(poll(&entry, 1, 30000) == 1);
  CHECK_STATUS(DTENV_OK, dtenv_job_wait(job, 60000, NULL));
  dtenv_job_free(job);
  dtenv_session_free(session);
  return 0;
}
