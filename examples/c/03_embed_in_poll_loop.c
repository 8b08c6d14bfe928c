/* How do I drive dtenv from my scheduler's own poll() loop, with a deadline of my own?
 *   build: cc 03_embed_in_poll_loop.c $(pkg-config --cflags --libs dtenv) -o 03_embed_in_poll_loop
 *   run:   ./03_embed_in_poll_loop environment.json
 */
#include <dtenv/dtenv.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char* read_file(const char* path) {
  FILE* file = fopen(path, "rb");
  char* text = NULL;
  long size = -1;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  if (size >= 0) text = malloc((size_t)size + 1);
  if (text != NULL) {
    rewind(file);
    text[fread(text, 1, (size_t)size, file)] = '\0';
  }
  if (file != NULL) fclose(file);
  return text;
}

/* Takes what is there without waiting; sets *running to 0 at the job's end. */
static dtenv_status drain(dtenv_session* session, int* running, dtenv_error** error) {
  for (;;) {
    char* event = NULL;
    dtenv_status status = dtenv_session_next_event(session, 0, &event, error);
    if (status != DTENV_OK) return status;
    puts(event);
    if (strstr(event, "\"job.finished\"") != NULL) *running = 0;
    dtenv_free(event);
  }
}

static dtenv_status run_loop(dtenv_session* session, dtenv_job* job, dtenv_error** error) {
  const time_t deadline = time(NULL) + 30 * 60;
  struct pollfd fds[1]; /* your scheduler's descriptors go here too */
  int running = 1;
  dtenv_status status = DTENV_OK;

  fds[0].events = POLLIN;
  status = dtenv_session_fd(session, &fds[0].fd, error);
  while (running && status >= DTENV_OK) {
    poll(fds, 1, 1000);
    if (time(NULL) > deadline) dtenv_job_cancel(job, 5000, NULL);
    status = drain(session, &running, error);
  }
  return status < DTENV_OK ? status : DTENV_OK;
}

int main(int argc, char** argv) {
  char* environment = argc == 2 ? read_file(argv[1]) : NULL;
  dtenv_session* session = NULL;
  dtenv_job* job = NULL;
  dtenv_error* error = NULL;
  int exit_code = 1;

  if (environment == NULL) {
    fprintf(stderr, "usage: %s environment.json\n", argv[0]);
    return 2;
  }

  if (dtenv_session_open(NULL, DTENV_API_VERSION, &session, &error) == DTENV_OK &&
      dtenv_apply(session, environment, NULL, &job, &error) == DTENV_OK &&
      run_loop(session, job, &error) == DTENV_OK && dtenv_job_wait(job, -1, &error) == DTENV_OK) {
    puts("OK");
    exit_code = 0;
  } else {
    fprintf(stderr, "%s: %s\n", dtenv_status_name(dtenv_error_status(error)),
            dtenv_error_message(error));
  }

  dtenv_error_free(error);
  dtenv_job_free(job);
  dtenv_session_free(session);
  free(environment);
  return exit_code;
}
