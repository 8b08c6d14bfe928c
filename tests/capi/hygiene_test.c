/* The library lives in somebody else's process: sessions with jobs that succeed, fail and are
 * cancelled leave everything of it as it was. */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "jobs.h"
#include "process_state.h"

static atomic_int* exits; /* shared with every child of ours that does not execute anything */
static const char* no_programs;
static int saved_stderr;

static void count_exit(void) {
  ++*exits;
}

/* The host's own child: it must still be there for the host to wait for. */
static pid_t start_own_child(void) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) _exit(7);
  return child;
}

static void run_job(const char* document) {
  dtenv_session* session = open_session();
  dtenv_job* job = start_apply(session, document);
  char* report = NULL;
  CHECK_STATUS(DTENV_OK, dtenv_job_wait(job, 60000, NULL));
  CHECK(count_masked_threads() > 0);
  CHECK_STATUS(DTENV_OK, dtenv_job_report(job, &report, NULL));
  dtenv_free(report);
  dtenv_job_free(job);
  dtenv_session_free(session);
}

/* ssh is a child that is killed in the middle. */
static void cancel_job(void) {
  dtenv_session* session = open_session();
  dtenv_job* job = start_apply(session, stuck_document());
  CHECK_STATUS(DTENV_E_TIMEOUT, dtenv_job_wait(job, 300, NULL));
  CHECK_STATUS(DTENV_OK, dtenv_job_cancel(job, 0, NULL));
  CHECK_STATUS(DTENV_E_CANCELLED, dtenv_job_wait(job, 5000, NULL));
  dtenv_job_free(job);
  dtenv_session_free(session);
}

/* A program that cannot be executed: its child must not run this process's exit handlers. */
static void fail_to_execute(void) {
  char saved[4096];
  const char* path = getenv("PATH");
  snprintf(saved, sizeof saved, "%s", path == NULL ? "" : path);
  setenv("PATH", no_programs, 1);
  CHECK(apply_once(stuck_document()) < 0);
  setenv("PATH", saved, 1);
}

/* An `ssh` that the kernel will not execute. */
static void make_no_programs(const char* folder) {
  char path[256];
  int file;
  snprintf(path, sizeof path, "%s/ssh", folder);
  file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
  CHECK(file >= 0 && write(file, "\177ELF, as it says", 17) == 17);
  close(file);
  no_programs = folder;
}

static int open_output(const char* path) {
  const int file = open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
  CHECK(file >= 0);
  return file;
}

static off_t size_of(const char* path) {
  struct stat facts;
  CHECK(stat(path, &facts) == 0);
  return facts.st_size;
}

static void all_jobs(void) {
  run_job(local_document);
  cancel_job();
  fail_to_execute();
}

int main(void) {
  char folder[] = "/tmp/dtenv-hygiene-XXXXXX";
  char output[256];
  char command[256];
  struct process_state before;
  struct process_state after;
  const char* difference;
  pid_t child;
  int status = 0;
  int file;

  CHECK(mkdtemp(folder) != NULL);
  snprintf(output, sizeof output, "%s/output", folder);
  make_no_programs(folder);
  exits = mmap(NULL, sizeof *exits, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(exits != MAP_FAILED);
  atexit(count_exit);

  all_jobs(); /* what the libraries below keep for the process's life is made by the first one */

  saved_stderr = fcntl(2, F_DUPFD_CLOEXEC, 3);
  file = open_output(output);
  fflush(stdout);
  dup2(file, 1);
  dup2(file, 2);
  child = start_own_child();
  read_process_state(&before);
  all_jobs();
  read_process_state(&after);
  dup2(saved_stderr, 2);

  difference = compare_process_state(&before, &after);
  if (difference != NULL) fprintf(stderr, "changed: %s\n", difference);
  CHECK(difference == NULL);
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  CHECK(size_of(output) == 0);
  CHECK(*exits == 0);
  snprintf(command, sizeof command, "%s/ssh", folder);
  CHECK(unlink(output) == 0 && unlink(command) == 0 && rmdir(folder) == 0);
  return 0;
}
