/* What is wrong with my environment document, and what would apply change on my machines?
 *   build: cc 01_validate_and_plan.c $(pkg-config --cflags --libs dtenv) -o 01_validate_and_plan
 *   run:   ./01_validate_and_plan environment.json
 */
#include <dtenv/dtenv.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(int argc, char** argv) {
  char* environment = argc == 2 ? read_file(argv[1]) : NULL;
  char* plan = NULL;
  char* text = NULL;
  dtenv_session* session = NULL;
  dtenv_job* job = NULL;
  dtenv_error* error = NULL;
  int exit_code = 1;

  if (environment == NULL) {
    fprintf(stderr, "usage: %s environment.json\n", argv[0]);
    return 2;
  }

  /* A check reads every machine and changes nothing. */
  if (dtenv_validate(environment, &error) == DTENV_OK &&
      dtenv_session_open(NULL, DTENV_API_VERSION, &session, &error) == DTENV_OK &&
      dtenv_check(session, environment, &job, &error) == DTENV_OK &&
      dtenv_job_wait(job, -1, &error) == DTENV_OK &&
      dtenv_job_plan(job, &plan, &error) == DTENV_OK &&
      dtenv_render(plan, &text, &error) == DTENV_OK) {
    fputs(text, stdout);
    exit_code = 0;
  } else {
    /* The JSON form says where: a pointer, a line and a column for each problem. */
    fprintf(stderr, "%s: %s\n%s\n", dtenv_status_name(dtenv_error_status(error)),
            dtenv_error_message(error), dtenv_error_json(error));
  }

  dtenv_free(text);
  dtenv_free(plan);
  dtenv_error_free(error);
  dtenv_job_free(job);
  dtenv_session_free(session);
  free(environment);
  return exit_code;
}
