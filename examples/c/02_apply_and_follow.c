/* How do I apply an environment and print what happens, until it ends?
 *   build: cc 02_apply_and_follow.c $(pkg-config --cflags --libs dtenv) -o 02_apply_and_follow
 *   run:   ./02_apply_and_follow environment.json
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

/* Prints one JSON line an event until the job has ended; -1 waits for as long as it takes. */
static dtenv_status follow(dtenv_session* session, dtenv_error** error) {
  int running = 1;
  while (running) {
    char* event = NULL;
    dtenv_status status = dtenv_session_next_event(session, -1, &event, error);
    if (status < DTENV_OK) return status;
    if (status == DTENV_EMPTY) continue;
    puts(event);
    if (strstr(event, "\"job.finished\"") != NULL) running = 0;
    dtenv_free(event);
  }
  return DTENV_OK;
}

int main(int argc, char** argv) {
  char* environment = argc == 2 ? read_file(argv[1]) : NULL;
  char* report = NULL;
  char* text = NULL;
  dtenv_session* session = NULL;
  dtenv_job* job = NULL;
  dtenv_error* error = NULL;
  int exit_code = 1;

  if (environment == NULL) {
    fprintf(stderr, "usage: %s environment.json\n", argv[0]);
    return 2;
  }

  /* The report is there whatever the job came to; what it came to is what wait gives. */
  if (dtenv_session_open(NULL, DTENV_API_VERSION, &session, &error) == DTENV_OK &&
      dtenv_apply(session, environment, NULL, &job, &error) == DTENV_OK &&
      follow(session, &error) == DTENV_OK && dtenv_job_report(job, &report, &error) == DTENV_OK &&
      dtenv_render(report, &text, &error) == DTENV_OK) {
    fputs(text, stdout);
    if (dtenv_job_wait(job, -1, &error) == DTENV_OK) exit_code = 0;
  }
  if (exit_code != 0)
    fprintf(stderr, "%s: %s\n", dtenv_status_name(dtenv_error_status(error)),
            dtenv_error_message(error));

  dtenv_free(text);
  dtenv_free(report);
  dtenv_error_free(error);
  dtenv_job_free(job);
  dtenv_session_free(session);
  free(environment);
  return exit_code;
}
