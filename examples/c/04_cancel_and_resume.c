/* What happens when I cancel an apply, and how do I go on from there?
 *   build: cc 04_cancel_and_resume.c $(pkg-config --cflags --libs dtenv) -o 04_cancel_and_resume
 *   run:   ./04_cancel_and_resume environment.json
 */
#include <dtenv/dtenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Cancels the job as soon as its first step starts; any thread may do so. */
static void cancel_at_first_step(dtenv_session* session, dtenv_job* job) {
  int running = 1;
  while (running) {
    char* event = NULL;
    if (dtenv_session_next_event(session, -1, &event, NULL) != DTENV_OK) break;
    if (strstr(event, "\"step.started\"") != NULL) {
      dtenv_job_cancel(job, 5000, NULL); /* 5 s for what runs to end by itself */
      running = 0;
    }
    if (strstr(event, "\"job.finished\"") != NULL) running = 0;
    dtenv_free(event);
  }
}

int main(int argc, char** argv) {
  char* environment = argc == 2 ? read_file(argv[1]) : NULL;
  dtenv_session* session = NULL;
  dtenv_job* first = NULL;
  dtenv_job* second = NULL;
  dtenv_error* error = NULL;
  dtenv_status status = DTENV_OK;

  if (environment == NULL) {
    fprintf(stderr, "usage: %s environment.json\n", argv[0]);
    return 2;
  }

  status = dtenv_session_open(NULL, DTENV_API_VERSION, &session, &error);
  if (status == DTENV_OK) status = dtenv_apply(session, environment, NULL, &first, &error);
  if (status == DTENV_OK) {
    cancel_at_first_step(session, first);
    /* CANCELLED; or OK where it had ended already. To cancel is not to undo. */
    printf("first run: %s\n", dtenv_status_name(dtenv_job_wait(first, -1, NULL)));

    /* The same document again: what was done is found done, the rest follows. */
    status = dtenv_apply(session, environment, NULL, &second, &error);
  }
  if (status == DTENV_OK) status = dtenv_job_wait(second, -1, &error);
  if (status == DTENV_OK)
    printf("second run: %s\n", dtenv_status_name(status));
  else
    fprintf(stderr, "%s: %s\n", dtenv_status_name(status), dtenv_error_message(error));

  dtenv_error_free(error);
  dtenv_job_free(second);
  dtenv_job_free(first);
  dtenv_session_free(session);
  free(environment);
  return status == DTENV_OK ? 0 : 1;
}
